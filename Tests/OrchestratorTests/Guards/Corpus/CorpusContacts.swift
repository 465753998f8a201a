extension GuardCorpus {
    /// Lines of directories, forms and chats in the ways of many countries.
    static let contacts = #"""
        Our number is ⟪P:020 7946 0321⟫ for bookings.
        To place an order, dial ⟪P:0800 587 0001⟫.
        Order hotline: ⟪P:1-866-555-0177⟫
        For invoice questions, phone ⟪P:0121 496 0443⟫.
        For billing, contact ⟪P:303-555-0175⟫
        My account number changed, call me: ⟪P:303.555.0175⟫
        Ref. Mrs. Brown, mobile ⟪P:07700 900461⟫
        Telefon: ⟪P:089 / 123 456 78⟫
        Tel.: ⟪P:(030) 901820⟫
        Tel ⟪P:030 / 90 18 20⟫
        Mobil: ⟪P:0160 / 1234567⟫
        Telefon: ⟪P:+49-151-23456789⟫
        Handynummer lautet ⟪P:0151 12345678⟫
        Ruf mich an: ⟪P:0151 12345678⟫
        Portable: ⟪P:06 78 90 12 34⟫
        Tel : ⟪P:+33 (0)1 70 36 39 50⟫
        tél. ⟪P:0178901234⟫
        Numéro de téléphone : ⟪P:01.70.36.39.50⟫
        Teléfono fijo: ⟪P:934 567 890⟫
        móvil ⟪P:655 44 33 22⟫
        Cel: ⟪P:55-1234-5678⟫
        Tel. ⟪P:(55) 1234-5678⟫
        WhatsApp: ⟪P:11 98765-4321⟫
        Fone: ⟪P:3456-7890⟫
        fone ⟪P:(21) 98765 4321⟫
        Telefono: ⟪P:02 12345678⟫
        Cellulare: ⟪P:348 1234567⟫
        telefono ⟪P:0612345678⟫
        tel. ⟪P:22 555 44 33⟫
        kom. ⟪P:501 502 503⟫
        Тел.: ⟪P:(495) 765-43-21⟫
        моб. ⟪P:8(903)123-45-67⟫
        Телефон: ⟪P:84951234567⟫
        Связь: ⟪P:+7-903-123-45-67⟫
        電話:⟪P:03(1234)5678⟫
        携帯:⟪P:080-9876-5432⟫
        固定电话:⟪P:0755-86013388⟫
        手机号码:⟪P:186 1234 5678⟫
        联系电话:⟪P:400-820-8820⟫
        电话 ⟪P:8008208820⟫
        휴대폰: ⟪P:01012345678⟫
        사무실 ⟪P:02-555-1234⟫
        मोबाइल नंबर ⟪P:+91-9876543210⟫
        Ph: ⟪P:080-25551234⟫
        Ph. ⟪P:9845012345⟫
        Mob. No. ⟪P:9845012345⟫
        Phone: ⟪P:040 2345 6789⟫
        جوال: ⟪P:055 123 4567⟫
        تلفن: ⟪P:021-88776655⟫
        טלפון: ⟪P:03-1234567⟫
        נייד ⟪P:052-1234567⟫
        Telefon: ⟪P:0312 444 55 66⟫
        GSM: ⟪P:0470 12 34 56⟫
        Tel. ⟪P:02 555 12 12⟫
        Tlf. ⟪P:22 33 44 55⟫
        tlf: ⟪P:912 34 567⟫
        Telefon: ⟪P:08-555 123 45⟫
        Puh. ⟪P:040 123 4567⟫
        Tel: ⟪P:01 234 5678⟫
        Τηλ.: ⟪P:2101234567⟫
        Κινητό: ⟪P:6971234567⟫
        Tel.: ⟪P:602 123 456⟫
        mobil: ⟪P:+421 905 123 456⟫
        Tel.: ⟪P:06 1 234 5678⟫
        Tel: ⟪P:0721 234 567⟫
        tel. ⟪P:021 312 3456⟫
        SĐT: ⟪P:0901 234 567⟫
        ĐT: ⟪P:028 3822 1234⟫
        โทร. ⟪P:02-123-4567⟫
        โทร ⟪P:081-234-5678⟫
        HP: ⟪P:0812-3456-7890⟫
        Telp. ⟪P:(021) 555-1234⟫
        Mobile: ⟪P:0917 123 4567⟫
        Tel: ⟪P:03-2161 1234⟫
        Phone: ⟪P:09-123 4567⟫
        Tel: ⟪P:011 555 1234⟫
        Simu: ⟪P:0712 345 678⟫
        phone ⟪P:0803 123 4567⟫
        user: bob | phone: ⟪P:5125550147⟫ | city: Austin
        INFO dial number=⟪P:5125550147⟫ ok
        "mobile_number": ⟪P:9845012345⟫,
        "Phone 1": "⟪P:512-555-0147⟫"
        Ph: ⟪P:512-555-0147⟫
        P: ⟪P:512.555.0147⟫
        T: ⟪P:+1 512 555 0147⟫
        ⟪P:(512)555-0147⟫
        ⟪P:512-555-0147⟫ (cell)
        ⟪P:1.512.555.0147⟫
        ⟪P:+1 512.555.0147⟫
        ⟪P:+15125550147⟫
        ⟪P:001-512-555-0147⟫
        SSN is ⟪S:521-44-9182⟫, DOB 4/4/1980
        Social Security: ⟪S:521-44-9182⟫
        SSN:⟪S:521449182⟫
        SS# ⟪S:521-44-9182⟫
        his social ⟪S:521-44-9182⟫
        Borrower: ⟪S:521-44-9182⟫
        card: ⟪C:4929 4212 3460 0821⟫
        ⟪C:4929-4212-3460-0821⟫
        My debit card no is ⟪C:4929421234600821⟫.
        Kreditkartennummer ⟪C:4929421234600821⟫
        carte n° ⟪C:4929 4212 3460 0821⟫
        número de tarjeta ⟪C:4929421234600821⟫
        номер карты ⟪C:4929421234600821⟫
        カード番号は⟪C:4929421234600821⟫
        卡号:⟪C:6222021234567890128⟫
        order 5512 paid by card ⟪C:4929421234600821⟫
        receipt #5512 ⟪C:4929421234600821⟫
        Order total $20, card ⟪C:4929 4212 3460 0821⟫
        Hi, this is Dana from accounting, my extension moved, use ⟪P:312-555-0142⟫ instead.
        Give Sam a ring at ⟪P:(773) 555-0119⟫ after 5pm.
        You can text ⟪P:917.555.0133⟫ or email me.
        Phone: ⟪P:2025550123⟫
        phone number: ⟪P:5551234567⟫
        tel:⟪P:+1-202-555-0123⟫
        Tel.: ⟪P:+49 (0) 89 1234567⟫
        Mob: ⟪P:07911 123456⟫
        My UK number's ⟪P:07911 123456⟫.
        Reach out to our team at ⟪P:1 (800) 555-0100⟫.
        Call 800-FLOWERS or ⟪P:1-800-356-9377⟫.
        Fax: ⟪P:212.555.0199⟫
        Please call ⟪P:202 555 0123⟫ for assistance.
        Customer support line ⟪P:1-877-555-0134⟫ open 24/7
        Phone: ⟪P:+1 202 555 0123⟫ ext. 44
        Telefon ⟪P:0176 12345678⟫
        Tel: ⟪P:0176/12345678⟫
        Rufnummer: ⟪P:0176 12345678⟫
        Meine Nummer ist ⟪P:0176 12345678⟫.
        Mon numéro est le ⟪P:06 12 34 56 78⟫
        Tél : ⟪P:01.23.45.67.89⟫
        Mi número es ⟪P:612 345 678⟫
        Mi teléfono es el ⟪P:612345678⟫
        Teléfono: ⟪P:5512345678⟫
        Llámame al ⟪P:55 1234 5678⟫ por favor
        Meu telefone é ⟪P:(11) 3456-7890⟫
        Telefone: ⟪P:11987654321⟫
        Il mio numero è ⟪P:333 1234567⟫
        Cell. ⟪P:3331234567⟫
        Numer telefonu: ⟪P:512345678⟫
        Позвоните мне: ⟪P:8-916-123-45-67⟫
        Телефон ⟪P:+7(916)1234567⟫
        тел. ⟪P:89161234567⟫
        電話: ⟪P:0312345678⟫
        TEL ⟪P:03-1234-5678⟫
        连系电话 ⟪P:13912345678⟫
        我的电话是⟪P:13912345678⟫
        전화번호: ⟪P:010-1234-5678⟫
        फोन नंबर: ⟪P:9876543210⟫
        رقم الهاتف: ⟪P:0551234567⟫
        Contact number ⟪P:98765 43210⟫
        Contact us: ⟪P:415-555-1234⟫ or ⟪P:415-555-9876⟫
        Contact No: ⟪P:9876543210⟫
        My mobile is ⟪P:9876543210⟫
        Mobile no. ⟪P:98765-43210⟫
        call me on ⟪P:0412345678⟫
        {"phone": "⟪P:555-123-4567⟫", "name": "x"}
        {"phones":["⟪P:2125550123⟫","⟪P:3125550199⟫"]}
        {"telephone":"⟪P:(555)123-4567⟫"}
        phone_number,⟪P:5551234567⟫
        Jane Doe,⟪E:jane@example.com⟫,⟪P:555-867-5309⟫
        customer_phone: '⟪P:+15558675309⟫'
        <phone>⟪P:5551234567⟫</phone>
        Home phone: ⟪P:555 123 4567⟫, Work phone: ⟪P:555 987 6543⟫
        Emergency line: ⟪P:555-0199⟫
        Please pay with card number ⟪C:4532015112830366⟫
        CC: ⟪C:4532-0151-1283-0366⟫ exp 09/26
        cc_number=⟪C:4532015112830366⟫
        Amex ⟪C:371449635398431⟫
        my card is ⟪C:4916 3385 0608 2832⟫
        card no. ⟪C:3782-822463-10005⟫
        Credit card: ⟪C:6011111111111117⟫, CVV 123
        Visa ending... full number ⟪C:4111111111111111⟫
        The number on the card: ⟪C:4539 1488 0343 6467⟫
        {"cardNumber":"⟪C:4539148803436467⟫"}
        payment_method: ⟪C:5425233430109903⟫
        SSN: ⟪S:078-05-1120⟫
        social security no. ⟪S:078-05-1120⟫
        SSN ⟪S:078 05 1120⟫
        her ssn is ⟪S:219099999⟫
        Applicant ⟪S:219-09-9999⟫ approved
        tax id (SSN) ⟪S:219-09-9999⟫
        {"ssn":"⟪S:219-09-9999⟫"}
        """#
}
