extension GuardCorpus {
    /// Quantities, times and names of things, and names of a program that sound like telephones.
    static let quantities = #"""
        The call cost 4155552671 dollars
        Called 415 people, 555 answered, 2671 did not
        Phone numbers have 10 digits, e.g. 3 3 4
        There were 4155552671 phones.
        mobile OS 17.4.1 21E236
        cell phone usage: 6123456789 minutes
        The fax of 2024-03-15 has 12345678 bytes
        contact form id 612345678
        Contact lens order 612345678
        ring tone 44100 16000
        text length 1234567890
        SMS sent: 1234567890
        sms_id: 4155552671
        Handy-Verkäufe: 512345678
        telefon sayısı 5321234567
        numéros vendus 612345678
        appels reçus 612345678
        chiamate 3331234567
        число звонков 9161234567
        1-2-3 4-5-6 7-8-9
        10 20 30 40 50 60
        12 24 36 48 60 72
        3 14 15 92 65 35
        2024 2023 2022 2021
        2019 2020 2021 2022
        08 12 2024
        31 12 1999 23 59 59
        0800 1200 1600
        0900 - 1700
        0930 1015 1100
        001 002 003 004
        007 008 009
        01 02 03
        012 024 036 048
        0.12 0.34 0.56
        1-1000-2000
        200-300
        404 500 5030
        8 16 32 64 128
        8 100 200 3000
        10.0.0.1-10.0.0.254
        192.168.000.001
        255.255.255.0/24
        ::ffff:192.0.2.128
        1,234 5,678 9,012
        1.000.000 2.000.000
        99 999 9999
        612 613 614 615
        600 700 800
        930 450 120
        SKU: 800-555-0100
        Part: 212-555-0199
        Model 415.555.2671
        Lot 0412 345 678
        PO 212-555-0199
        Invoice: 212-555-0199
        FedEx tracking number 4111 1111 1112
        Tracking 9400-1000-0000-0000
        gift voucher 4242424242424242
        voucher code: 4242424242424242
        barcode 4006381333931
        IMEI: 490154203237518
        ICCID 8944110068123456789
        serial no 5555555555554444
        transaction id 4111111111111111
        txn_id=4111111111111111
        device_id: "4111111111111111"
        trace 4242424242424242
        1234567812345670
        6011 6011 6011 6011
        ticket 219-09-9999
        SKU 219-09-9999
        order # 219-09-9999
        invoice no. 219-09-9999
        #219-09-9999
        219-099-999
        21-909-9999
        2190-9-9999
        2024-01-15
        sk-abc-def-ghi-jkl-mno-pqr-stu
        sk-SK locale and sk-SK-u-co-trad
        task-sk-1234
        xoxb-token-goes-here
        xoxo-love-you-all-very-much
        glpat-your-token-goes-here
        ghp_xxxxxxxx
        AKIA...
        sk-...your-key-here...
        sk-your-api-key-here-please-replace
        sk-xxxx
        npm_package_version_major_minor_patch
        hf_transformers_model_name_is_very_long_here
        Caller waited 4155552671 ms
        Phone screens are 1080 2340 pixels
        Call 3 returned 1234567
        phone.length == 4155552671
        tel.count = 4155552671
        mobile.js:1234:5678901
        Contact.id=4155552671
        if (call > 2147483647)
        calls = 4155552671
        phone_book_size: 4155552671
        cell(415, 555, 2671)
        call(4155552671)
        phone_hash=4155552671
        mobile-build-4155552671
        fax_id 4155552671
        tel_id=4155552671
        phone_id: 4155552671
        call_duration: 4155552671
        call_start=1700000000
        call time: 1700000000
        last_call: 1700000000
        last call at 1700000000
        last_call_ts: 1700000000
        next_call_at: 1700000000000
        called_at=1700000000
        contacted_at: 1700000000
        contact_created: 1700000000
        "call_id": "1700000000"
        "contacts": 4155552671
        syscall 1234567890
        recall: 1234567
        dialog 4155552671
        dial settings 12345678
        signals 4155552671
        hotline stats 4155552671 views
        faxes: 4155552671
        portable 12345678 units
        The portable 2048 4096 edition
        appel no 4155552671
        bel 1234567 keer
        ara toplam 1234567890
        HP 1234567
        HP 12C 15C 1234 5678
        fono 1234567
        ph 7.4 7.35 7.45
        ligue 1 2023 2024
        tel 12 34
        Kontakt-ID 512345678
        line 5550199
        extension 5550199
        lines 415-555
        """#
}
