extension GuardCorpus {
    /// Numbers by which countries, companies and machines name things, and other numbers.
    static let identifiers = #"""
        Phone Number Format: NNN-NNN-NNNN
        SSN last four 9182
        Call 911 or 112.
        Dial 411 for information, 10 digits 1234
        Press 1 2 3 4
        call me 10 times
        Contact 3 people at 10 30
        ring size 7 1234
        phones 5551234 sold
        The phone has 8 128 256 1024
        Phones: 1 200 000, tablets: 800 000
        Mobile data: 1234567890 bytes
        cellular automaton 1234567890
        Mobility index 1234567890
        Telegram id 123456789
        telegram chat_id=1234567890
        telescope 1234567 galaxies
        contact_id=9876543210
        contactless payments 1234567890
        fax_count 1234567890
        signal_id 1234567890
        Signal 1234567 Hz
        reached 9876543210 people
        reach 9876543210 people
        callsign 1234567
        called 1234567890 times
        calling convention 1234567
        order 9876543210
        orders: 9876543210, 9876543211
        Kundennummer: 0171 2345678
        Rechnung Nr. 0171 2345678
        Auftrag 030 1234567
        réf. 01 23 45 67 89
        dossier n° 06 12 34 56 78
        Pedido nº 612 34 56 78
        N° SIRET 362 521 879 00034
        SIREN 362 521 879
        RG 12.345.678-9
        CPF 529.982.247-25
        CURP 800101
        RFC GODE561231GR8
        NIF 12345678Z
        CIF B12345678
        PESEL 44051401359
        REGON 123456785
        ИНН 7707083893
        СНИЛС 112-233-445 95
        БИК 044525225
        р/с 40817810099910004312
        паспорт 45 08 123456
        身份证 11010519491231002X
        QQ 1234567890
        微信号 123456789
        邮编 100080
        マイナンバー 1234 5678 9012
        〒150-0001
        Aadhaar 2345 6789 0123
        PAN ABCDE1234F
        PIN 560001
        ABN 51 824 753 556
        TFN 123 456 782
        SIN 046 454 286
        IRD 49-091-850
        BSN 111222333
        AHV 756.1234.5678.97
        IMO 9074729
        MMSI 235009802
        ICAO 3c6444
        ORCID 0000-0002-1825-0097
        arXiv 2103.00020v1
        CVE-2024-12345
        RFC 2822 3339
        ICD 250.00 401.9
        CAS 7732-18-5
        CAS 50-00-0, 64-17-5
        EC 200-659-6
        LOINC 2345-7
        HS code 8517.12.00
        NSN 5305-00-055-6195
        GUID {6B29FC40-CA47-1067-B31D-00DD010662DA}
        1e10 1E-5 12e34
        0b1010 0o777 0xFF
        12:34:56.789 23:59
        P1Y2M10DT2H30M
        R$ 12.345,67
        ¥123,456 ₹1,23,45,678
        1 000 000 000
        100,000 km
        5'11" 6'2"
        3/4 7/8 15/16
        1:1000000 scale
        20°C 68°F
        10^6 10^9
        f(1,2,3,4)
        [1, 2, 3, 4, 5, 6, 7]
        1;2;3;4
        2147483648
        9007199254740991
        0.123456789012
        1234.5678.9012
        12.34.56.78
        300.400.5000
        123-456-7890
        111-222-3333
        seq 415-555 to 671
        row 415 col 555 val 2671
        415 555 267
        4155552671
        id: 415-555-2671
        The order number is 20240315123456
        Order #1234567890 shipped
        Tracking number: 9261290100130739201234
        FedEx 612999998888 delivered
        UPS 1Z12345E0205271688
        Invoice no. 0012345678
        Case number 2024-1234567
        Ticket 20240315-0042
        Flight UA 1234 departs 10:45
        Confirmation number 8472910
        Account ending 4242
        ISO date 20240315T103045Z
        Unix 1710498645 and 1710498645123
        Event at 1710498645.
        call to foo() took 1710498645 ns
        Model number 555-1234
        Part no. 123-4567
        Serial number 12-3456-7890
        Product code 012345678905
        UPC 012345678905
        ISBN 0-306-40615-2
        DOI 10.1038/s41586-020-2649-2
        PMID 32939066
        ZIP 94103-1234
        Zip code: 02134-1000
        Postal code 110001
        GPS 37.774929,-122.419416
        lat: 37.7749295, lng: -122.4194155
        1.0.0.1 8.8.8.8 255.255.255.255
        192.168.1.1:8080
        MAC 3c:22:fb:12:34:56
        version 10.0.19045.4170
        build 22631.3296
        Windows 10.0.22621
        $1,234,567.89
        €1.234.567,89
        1 234 567 890 people
        12 345 678 kg
        the year 1999-2000 season
        2019-2020-2021
        08:00-17:00
        10-12-2024 14-12-2024
        Score 21-15, 18-21, 15-13
        Room 1204-1206
        Pages 101-1101
        Section 4.2.1.3
        Temp 37.5 98.6
        Speed 299792458 m/s
        Avogadro 6.02214076e23
        3.14159 26535 89793 23846
        141 592 6535
        1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987 1597
        2 3 5 7 11 13 17 19 23 29
        100 200 3000
        640x480 1920x1080 3840x2160
        192 168 1001
        Phone model SM-G991B
        The phone weighs 171 g and has 4500 mAh
        Samsung phone 2400 1080 pixels
        call stack depth 1048576
        mobile app version 4.12.3
        Mobile app has 5000000 downloads
        iPhone IMEI 356938035643809
        ring 0 1 2 3
        fax machines sold 1234567
        cell A1 12345678
        text size 1234567 bytes
        signal 11 pid 4155552
        contact id 4155552671
        phone id 4155552671
        message id 4155552671
        user id 9876543210
        call id: 9876543210
        call_id=4155552671
        tel_count=4155552671
        PhoneNumberUtil line 1234567
        mobile 4G 1234567
        4111 1111 1111
        1234 5678 9012
        4000 3000 2000 1000
        Card game 1234567890
        card id 1234567890123
        SSN format is 123-45-678
        000-00-0000
        999-99-9999
        social media 123 45 6789
        12-345-678
        NDC 0002-8215-01
        CUSIP 037833100
        EIN 12-3456789
        VAT GB123456789
        DUNS 15-048-3782
        NHS number 943 476 5919
        NINO QQ 12 34 56 C
        Bank sort code 12-34-56 account 12345678
        routing 021000021 acct 000123456789
        0.1 0.22 0.333
        15.03.2024 10:30
        03.2024-05.2024
        01 02 2024 03 04 2024
        2024 03 15 10 30 45
        2024-03-15 10:30:45 555 1234
        64 bytes from 8.8.8.8: icmp_seq=1 ttl=117 time=12.3 ms
        12345 67890 12345 67890
        98765 43210
        -rw-r--r-- 1 root root 1234567 Mar 15 10:30 file
        4096 2048 1024 0512
        0001 0002 0003 0004
        0123 4567 8901 2345
        0171 2345
        Art. Nr. 0171-2345678
        +5 +10 +20
        +100 200 300
        +1 234 567
        +49 1234
        +20 000 000 people
        +33 000
        a +12345678 b
        +1000000000
        +44 kg
        +90 days
        +2147483647
        GMT+0530
        +1.5 +2.5 +3.5
        tel aviv 1234567
        sk-test
        sk-12345
        sk-learn-1.4.2-cp311
        sk-some_module_name_with_underscores_long
        OrderID=4155552671 phone=null
        The quick count: 555-1234 votes
        Roughly 300-500-7000 range
        4000 3000 2000 1000
        Windows key AAAAA-BBBBB
        """#
}
