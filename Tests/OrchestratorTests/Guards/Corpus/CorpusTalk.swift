extension GuardCorpus {
    /// Telephones, cards and social security numbers in talk, forms and files.
    static let talk = #"""
        If anything goes wrong, my number is ⟪P:646-555-0162⟫.
        Her direct line: ⟪P:646.555.0162⟫, assistant: ⟪P:646.555.0163⟫.
        You can also WhatsApp me, ⟪P:07911 123456⟫, at weekends.
        Landline ⟪P:01632 960 983⟫, mobile ⟪P:07700 900 461⟫.
        The plumber, Joe (mobile ⟪P:07700900461⟫), comes at 9.
        Customer called from ⟪P:555-123-9876⟫ about order 4471.
        Callback number: ⟪P:5553217654⟫
        ring me back on ⟪P:020-7946-0001⟫
        Please phone reception: ⟪P:01632 960001⟫
        Booking: ⟪P:01632-960001⟫
        Call our toll-free number ⟪P:18005550100⟫
        Call 1-800-MY-APPLE (⟪P:1-800-692-7753⟫)
        fax to ⟪P:1 212 555 0199⟫
        contact: John, ⟪P:2125550134⟫
        phone: "⟪P:(212) 555 0134⟫"
        Tel/Fax: ⟪P:030 12345678⟫
        Telephone (office): ⟪P:030 12345678⟫
        T. ⟪P:030 12345678⟫ | F. ⟪P:030 12345679⟫
        Büro ⟪P:089 4567890⟫, privat ⟪P:089 4567891⟫
        erreichbar unter ⟪P:0172 1234567⟫
        Natel ⟪P:079 123 45 67⟫
        Appelez-moi au ⟪P:0612345678⟫
        Mon tel c'est ⟪P:06 12 34 56 78⟫
        joignable au ⟪P:06.12.34.56.78⟫
        ⟪P:0033 6 12 34 56 78⟫
        llama al ⟪P:91 123 45 67⟫
        mi cel es ⟪P:3001234567⟫
        Celular ⟪P:300 123 4567⟫
        Llámanos: ⟪P:01 800 123 4567⟫
        chiamare lo ⟪P:06 1234567⟫
        il mio cell ⟪P:3331234567⟫
        ligue ⟪P:0800 123 4567⟫
        telemóvel: ⟪P:912345678⟫
        bel ⟪P:06-12345678⟫
        bel ons op ⟪P:0201234567⟫
        zadzwoń pod ⟪P:601234567⟫
        звоните ⟪P:8 (800) 555-35-35⟫
        мой телефон ⟪P:9161234567⟫
        请致电 ⟪P:400-123-4567⟫
        打电话给我:⟪P:13812345678⟫
        TEL:⟪P:0120-444-444⟫
        お電話は ⟪P:0570-064-000⟫ まで
        연락처는 ⟪P:010-2345-6789⟫
        call me at ⟪P:+91 98450 12345⟫
        ⟪P:+86-138-1234-5678⟫
        ⟪P:+52 1 55 1234 5678⟫
        ⟪P:+55 (11) 98765-4321⟫
        ⟪P:+61 412 345 678⟫
        ⟪P:+971-50-123-4567⟫
        ⟪P:+234 803 123 4567⟫
        paid: ⟪C:5500005555555559⟫
        Mastercard ⟪C:5500 0055 5555 5559⟫ exp 11/29
        customer card ⟪C:30569309025904⟫ diners
        order 1: ⟪C:4111111111111111⟫
        order 2 - ⟪C:4111 1111 1111 1111⟫
        invoice for card ⟪C:4111-1111-1111-1111⟫
        account no. ⟪C:4111-1111-1111-1111⟫
        id: ⟪C:4111 1111 1111 1111⟫
        Your case: ⟪C:4111-1111-1111-1111⟫
        case 523: card on file ⟪C:4111111111111111⟫
        user entered ⟪C:4111111111111111⟫ in the name field
        ssn ⟪S:219 09 9999⟫
        SSN: ⟪S:219.09.9999⟫
        case 17 (SSN ⟪S:219-09-9999⟫)
        Employee #⟪S:219-09-9999⟫
        Social Security Number (SSN): ⟪S:219-09-9999⟫
        SSN/ITIN: ⟪S:219-09-9999⟫
        The account of ⟪S:219-09-9999⟫ is open
        Customer ID: ⟪S:219-09-9999⟫
        patient_ssn=⟪S:219-09-9999⟫
        <ssn>⟪S:219-09-9999⟫</ssn>
        ⟪S:219-09-9999⟫
        Sure! Here is the contact info: John Smith, 1425 Elm St, Dayton OH 45402, ⟪P:(937) 555-0166⟫, ⟪E:john@ex.org⟫.
        You can reach the clinic at ⟪P:937-555-0166⟫ (weekdays) or ⟪P:937-555-0167⟫.
        **Phone:** ⟪P:937-555-0166⟫
        - Phone: `⟪P:9375550166⟫`
        | Name | Phone |: | Bob | ⟪P:937-555-0166⟫ |
        Phone number on file: ⟪P:9375550166⟫
        His phone number used to be ⟪P:937 555 0166⟫.
        Her new number is ⟪P:(937)5550166⟫.
        Number: ⟪P:+1 9375550166⟫
        The caller ID showed ⟪P:937-555-0166⟫.
        Text STOP to ⟪P:937-555-0166⟫
        call/text ⟪P:937.555.0166⟫
        Phone:⟪P:9375550166⟫
        PHONE=⟪P:9375550166⟫
        "phone" => "⟪P:9375550166⟫"
        phone: ⟪P:937 555 0166⟫; fax: ⟪P:937 555 0167⟫
        tel. ⟪P:(937) 5550166⟫
        Tel: ⟪P:+44 20 7946 0018⟫ / ⟪P:+44 20 7946 0019⟫
        Tel: ⟪P:020 79460018⟫
        tel ⟪P:02079460018⟫
        Mobile ⟪P:07700900123⟫
        ⟪P:0207 946 0018⟫
        ⟪P:(0161) 496 0123⟫
        ⟪P:+44(0)1614960123⟫
        ⟪P:+49 (30) 901820⟫
        ⟪P:+49 30/901820⟫
        ⟪P:+43 664 1234567⟫
        ⟪P:+41 79 123 45 67⟫
        ⟪P:+39 02 1234 5678⟫
        ⟪P:+34 91 123 45 67⟫
        ⟪P:+351 912 345 678⟫
        ⟪P:+31-20-1234567⟫
        ⟪P:+32 470 12 34 56⟫
        ⟪P:+48 601 234 567⟫
        ⟪P:+7 (495) 765-43-21⟫
        ⟪P:+81-90-1234-5678⟫
        ⟪P:+82-10-1234-5678⟫
        ⟪P:+86 21 6234 5678⟫
        ⟪P:+91-80-25551234⟫
        ⟪P:+91 9845012345⟫
        ⟪P:+64 21 123 456⟫
        ⟪P:+353 87 123 4567⟫
        ⟪P:+46 70 123 45 67⟫
        ⟪P:+47 912 34 567⟫
        ⟪P:+358 40 123 4567⟫
        ⟪P:+30 697 123 4567⟫
        ⟪P:+90 (532) 123 45 67⟫
        ⟪P:+972-52-123-4567⟫
        ⟪P:+65 9123 4567⟫
        ⟪P:+60 12-345 6789⟫
        ⟪P:+66 81 234 5678⟫
        ⟪P:+63 917 123 4567⟫
        ⟪P:+62 21 555 1234⟫
        ⟪P:+27 82 123 4567⟫
        ⟪P:+254 712 345 678⟫
        ⟪P:+20 10 1234 5678⟫
        ⟪P:+54 9 11 1234-5678⟫
        ⟪P:+56 9 1234 5678⟫
        ⟪P:+57 300 123 4567⟫
        ⟪P:+51 987 654 321⟫
        ⟪P:(+1) 937 555 0166⟫
        ⟪P:+1(937)555-0166⟫
        tel:⟪P:+19375550166⟫;ext=12
        ⟪C:4242-4242-4242-4242⟫
        Card: ⟪C:4242 4242 4242 4242⟫ 12/28 123
        |⟪C:4242424242424242⟫|12|28|123|
        "number":"⟪C:4242424242424242⟫","exp_month":8
        "pan": ⟪C:4242424242424242⟫
        **** no, the whole: ⟪C:4242 4242 4242 4242⟫
        ⟪C:3714 496353 98431⟫
        ⟪C:3056 9309 0259 04⟫
        The Visa number ⟪C:4000056655665556⟫ works
        cards: ⟪C:4000056655665556⟫, ⟪C:5200828282828210⟫
        Card Number : ⟪C:5200-8282-8282-8210⟫
        ⟪C:6200 0000 0000 0005⟫
        my SSN's ⟪S:219-09-9999⟫
        ⟪S:219–09–9999⟫
        SSN ⟪S:219 - 09 - 9999⟫
        "SSN": "⟪S:219 09 9999⟫"
        """#
}
