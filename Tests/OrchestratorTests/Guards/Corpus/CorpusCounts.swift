extension GuardCorpus {
    /// Numbers that are only numbers, also near words that are said of telephones.
    static let counts = #"""
        ZIP codes 90210 60601
        The two totals were 68421 73211.
        bytes 01 02 03 04 05 06
        Lottery numbers: 04 08 15 16 23 42
        Resolution 640 480 3840
        Average of 800-900-1000
        Total calls: 123456789
        timestamp below: 1700000000
        Telemetry reported 1234567890
        The population reached 8045311447
        I believe 1234567890
        Mobile users: 1234567890 at the end of 2023
        Call volume: 4155552671 in total
        The cell count was 2345678901.
        Signal strength 4155552671, noise 12
        The ring buffer holds 4194304000 bytes.
        Phone sales: 512 345 678 units
        telephony_events_total 7788990011
        mobile_sessions 9876543210
        callback took 1700000000 ns
        Contacts imported: 123456789
        The recall was 9876543210 of 9999999999.
        Called 3 times, 4155552671 bytes read
        ZIP 02134 02139 02140 in Boston
        The codes 94105 94107 94110 are in San Francisco.
        Sizes 640 480 1024 and 800 600 1280
        Sums: 214 365 8790, 315 422 9913
        Bits 01 10 11 00 01 10
        00 01 02 03 04 05 06 07
        05 12 23 34 45
        Draw of 12 May: 03 11 19 27 38, bonus 4
        Page 212 of 555, then 300-400-5000
        Distances 300-400-5000 and 250.300.4500
        Lap times 12 34 56 78 90
        rows 12345 67890 were skipped
        70115 81234 is a pair of postal codes.
        0x01 02 03 04 05 06 07 08
        values: 7 21 63 189 567 1701 5103
        Readings 61 122 244 488 976
        1234567 7654321 1111111
        Coordinates 40 26 46 79 58 56
        {"id":4155552671,"count":1234567890,"ts":1700000000}
        {"calls":1234567890,"mobile":false,"bytes":4155552671}
        ts=1700000000 lat=52.520008 lon=+13.404954
        "phone","calls" ⏎ "n/a","1234567890"
        2024-03-15 10:30:45,123 INFO call finished after 1700000123 us
        offset 0412345678 length 0000004096
        epoch 1700000000.123 seq 0000123456
        from 10.20.30.40 port 51234 to 203.0.113.250
        10.0.0.1 10.0.0.2 10.0.0.3
        Kernel 5.15.0-105-generic, driver 550.54.15
        Chrome/124.0.6367.207 Safari/537.36
        x=+1.25 y=+40.7127760 z=+1.6180339887
        e = +2.718281828459045, phi = +1.6180339887
        Telefonate insgesamt: 123456789
        Anrufe: 123456789, Anschlüsse: 987654321
        Der Mobilfunkmast steht bei 3456789 Metern.
        PLZ 01067 01069 01097
        Total des appels : 612345678
        Codes postaux 75001 75002 69001
        Llamadas totales: 612345678
        Los móviles vendidos fueron 612 345 678.
        Códigos postales 28001 28002 08001
        Chiamate totali: 3331234567
        CAP 00184 20121 10121
        Ligações: 912345678 no ano
        Aantal gesprekken: 612345678
        Liczba rozmów: 512345678
        Kody 00950 00951 02017
        Число зрителей: 9161234567
        Звонков всего: 916123456 за год
        訪問者数 312345678 人
        总通话次数:1380013800次
        कुल संख्या 9876543210 है
        عدد المكالمات 501234567
        Toplam çağrı sayısı 5321234567
        Order 123-45-6789 is on its way.
        Ticket #123-45-6789 is closed.
        Part number 219-09-9999, shelf 4
        Order number 415-555-2671, invoice 212-555-0187
        Customer number: 415-555-2671
        Order id 4111111111111111 was cancelled.
        Account: 4242424242424242
        #123456789 and #4111111111111111
        Serial: 5555555555554444
        sk-learn-something-something-and-more-of-that
        sk-estonia-2024-annual-report-with-notes
        sk-de-at-ch-languages-of-the-2023-release
        glpat-is-what-such-tokens-begin-with
        xoxo-hugs-and-kisses-from-everyone
        The prefixes sk-proj- and xoxc- and glpat- say whose key it is.
        Weights 45.5 50.25 61.125 kg; 12 x 34 x 56 cm
        Prices 199 249 1299 and 1 299 2 499 3 999
        $1 234 567 and 555 000 1000
        Phone 15 Pro, 128 256 512 GB
        Her phone cost 1 099 000 in 2023.
        Call center opened 2001-2002, closed 2019-03-15.
        Call us between 9.00-17.00 or 10 30 - 11 45.
        Tel Aviv had 4678901234 visits.
        Score 612 34 5 78 after 3 rounds
        Tracking 1234 5678 9012 and 9400 1118 9922
        """#
}
