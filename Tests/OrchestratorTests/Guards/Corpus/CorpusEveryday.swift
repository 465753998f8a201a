extension GuardCorpus {
    /// As people write at a desk or a shop: words such as "order" and "customer" stand near numbers that are secrets.
    static let everyday = #"""
        Thanks for your order! Charged to ⟪C:4242 4242 4242 4242⟫.
        The customer paid with ⟪C:4111 1111 1111 1111⟫.
        In case you need it: ⟪C:4111 1111 1111 1111⟫
        Your account is billed to ⟪C:5555 5555 5555 4444⟫
        {"order_id":17,"pan":"⟪C:4111111111111111⟫"}
        Employee id ⟪S:123-45-6789⟫
        Customer John Doe, ⟪S:123-45-6789⟫
        Customer service: ⟪P:(212) 555-0187⟫
        Room service: ⟪P:0161 496 0000⟫
        Call me at ⟪P:555-123-4567⟫
        Phone: ⟪P:(555) 123-4567⟫
        ⟪P:+1 (555) 123-4567⟫ and ⟪P:+1-800-123-4567⟫
        Card #⟪C:4111 1111 1111 1111⟫
        card number #⟪C:4111111111111111⟫
        SSN #⟪S:123-45-6789⟫
        Registrant Phone: ⟪P:+1.4155552671⟫
        Tel. ⟪P:02-312-3456⟫
        Tel: ⟪P:210 123 4567⟫
        We refunded order 88121 to the card ending as ⟪C:5105-1051-0510-5100⟫ this morning.
        Invoice 2291 was settled by ⟪C:378282246310005⟫ on Monday.
        Reference: ⟪C:6011 0009 9013 9424⟫ is what the guest read to us over the line.
        Build me a receipt for ⟪C:4000-0566-5566-5556⟫, please.
        order_no;card;total ⏎ 1881;⟪C:4012888888881881⟫;19.90
        {"customer":{"name":"Ana","card_number":"⟪C:5555555555554444⟫","exp":"12/27"}}
        <td>Visa</td><td>⟪C:4242424242424242⟫</td>
        The policy holder is ⟪S:219-09-9999⟫, born in 1961.
        Patient no. 4, social security number is ⟪S:457-55-5462⟫.
        ssn=⟪S:536221234⟫&state=WA
        "ssn": "⟪S:219-09-9999⟫", "dob": "1980-01-01"
        member: Carol Smith / ⟪S:536-22-1234⟫ / active
        Her social is ⟪S:457 55 5462⟫, do not write it down.
        Ordered twice, call the shop on ⟪P:212-555-0143⟫.
        Order by phone: ⟪P:1-888-555-0123⟫, every day.
        Client Acme Corp., ⟪P:(646) 555-0101⟫, closed at noon.
        If the item is broken, ring ⟪P:0800 123 4567⟫.
        Emergency contact: Mary (sister), ⟪P:917-123-4567⟫.
        My number is ⟪P:646 555 2210⟫, text me!
        Cell ⟪P:(310) 142-7788⟫; office ⟪P:310.142.7789⟫
        The phone number of the front desk is ⟪P:212 664 7665⟫.
        {"name":"Bo","homePhone":"⟪P:4155552671⟫","age":41}
        "contact_phone": "⟪P:2125550187⟫", "zip": "10001"
        name=Li;mobile=⟪P:6465550101⟫;plan=basic
        Account manager: Tom, ⟪P:+1 646-155-0101⟫
        Hotline ⟪P:800 555 0199⟫ or ⟪P:888 555 0199⟫.
        Telephone: ⟪P:6123 4567⟫ (Singapore), fax: ⟪P:6123 4568⟫
        Phone #⟪P:415-555-2671⟫ is the one on file.
        Kundenservice: ⟪P:0800 3301000⟫, Bestellungen unter ⟪P:0221 4567890⟫.
        Die Kundin zahlte mit ⟪C:4111 1111 1111 1111⟫, Auftrag 4711.
        Rückfragen an Frau Weber, Tel. ⟪P:0621 60 12345⟫
        Le client a payé avec ⟪C:5555 5555 5555 4444⟫ ; la facture suit.
        Service client : ⟪P:09 69 39 02 02⟫ (non surtaxé).
        N'hésitez pas à me joindre au ⟪P:07 81 22 40 93⟫.
        El cliente pagó con ⟪C:4012 8888 8888 1881⟫ el pedido.
        Atención al cliente, teléfono ⟪P:900 123 456⟫.
        Contacto: ⟪P:687 123 456⟫ (tardes).
        Il cliente ha pagato con ⟪C:5105 1051 0510 5100⟫.
        Per informazioni chiamare il ⟪P:049 827 5111⟫.
        O cliente pagou o pedido com ⟪C:4000 0566 5566 5556⟫.
        SAC: ligue ⟪P:(11) 4004-3535⟫ ou WhatsApp ⟪P:(11) 98765-4321⟫.
        Klantenservice: ⟪P:0900 1234567⟫ of bel ⟪P:088 123 4567⟫.
        Klient podał kartę ⟪C:4111 1111 1111 1111⟫, zamówienie w drodze.
        Proszę dzwonić: tel. kom. ⟪P:601 234 567⟫.
        Клиент оплатил заказ картой ⟪C:5555 5555 5555 4444⟫.
        Горячая линия ⟪P:8 800 555-35-35⟫, заказ 17 готов.
        Мой номер телефона: ⟪P:89161234567⟫
        ご注文のお客様:電話 ⟪P:03-5555-0123⟫
        客服电话:⟪P:010-8888-6666⟫,订单已发货。
        客户手机⟪P:15912345678⟫,请联系。
        고객센터 전화 ⟪P:1588-1234⟫
        ग्राहक का फोन नंबर ⟪P:9123456789⟫ है।
        رقم هاتف العميل ⟪P:0501234567⟫
        Müşteri telefonu: ⟪P:0216 555 12 34⟫
        Kundtjänst tel ⟪P:0771 123 456⟫, order 4711.
        Asiakaspalvelu, puh. ⟪P:09 1234567⟫
        Τηλέφωνο: ⟪P:210 9876543⟫
        2024-03-15 10:30:45 WARN sms to phone=⟪P:+12125550187⟫ failed, id=8812
        "+44 number","⟪P:+44.2079460958⟫"
        OPENAI=⟪K:skPlain⟫
        GITLAB_TOKEN: ⟪K:glpatPlain⟫
        cookie d=⟪K:xoxd⟫, token ⟪K:xoxc⟫
        The uuid one, ⟪K:skUUID⟫, is from an old project.
        The project key ⟪K:skProject⟫ was rotated; ⟪K:skService⟫ is next.
        """#
}
