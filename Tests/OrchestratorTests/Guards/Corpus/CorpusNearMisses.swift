extension GuardCorpus {
    /// What only looks like something: none of it may be touched. And what is hidden in code and logs.
    static let nearMisses = #"""
        2024-01-15T10:30:45.123456Z INFO request took 0.000123 s
        2023-12-31 23:59:59,999 [main] WARN 00000000-0000-0000-0000-000000000000
        10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 are private.
        127.0.0.1:8080 and [::1]:8080 and 0.0.0.0:0
        fe80::1ff:fe23:4567:890a%eth0
        sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        md5 d41d8cd98f00b204e9800998ecf8427e
        commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 (HEAD -> main)
        550e8400-e29b-41d4-a716-446655440000
        0x4111111111111111 and 0xdeadbeefcafebabe
        4111111111111112 fails the check, and so does 4242 4242 4242 4243.
        1234 5678 9012 3456 is no issuer's.
        9999-9999-9999-9999 is a placeholder.
        0000 0000 0000 0000
        DE00 1234 5678 9012 3456 78 has wrong check digits.
        GB29 NWBK 6016 1331 9268 18 is wrong by one.
        XX12 3456 7890 1234 5678 is no country's.
        000-12-3456, 666-12-3456 and 900-12-3456 were never given out.
        123-00-4567 and 123-45-0000 neither.
        123 45 6789 apples
        12-345-6789
        +1 is a country code, +44 another, +999 none.
        +12 °C today, +3.5% since 2020, +1.25 points.
        +1 115 555 2671 has an area code that cannot be.
        +49 12
        +10000000000000000000
        UTC+01:00, UTC+5:30, GMT+2
        1+2=3, 10+20=30, 100+200+300=600
        C++20, C++23, H2O, CO2, 4x4, 3D
        x = 415 * 555 + 2671; y = 4155552671 % 97
        array[0], array[10], array[100:200], 1e-9, 6.02214076e23
        0.30000000000000004 is not 0.3, and 1234567.8901234 is a decimal.
        let id = 4111111111111111111; // an id of 19 digits
        user_id: 415555267, session: 20240315103045
        port 5432, pid 12345, uid 1000, gid 100
        exit code 137 after 86400 s, 1048576 bytes
        v1.2.3-beta.4+build.567, go1.22.1, Python 3.12.2
        Swift 6.3, macOS 14.4.1 (23E224), iOS 17.4
        RFC 9110, ISO 8601, ISO/IEC 27001:2022, DIN 5008
        §§ 312-314 BGB, Art. 6(1)(f) GDPR, 42 U.S.C. § 1983
        Psalm 23:1-6, Luke 2:1-20
        9780306406157, 9783161484100 and 9781861972712 are ISBNs.
        ISSN 0378-5955, DOI 10.1000/182, arXiv:2301.12345
        EAN 5901234123457, UPC 036000291452
        order-2024-000-123456
        INV-2024-555-1234, PO 4500012345
        https://example.com/items/4155552671?page=2
        https://example.com/o/4111111111111111/status
        https://example.com/2024/03/15/0612345678.html
        /var/log/app-2024-03-15.log.1:1234:56
        example@ is unfinished, @example.com as well, a@b has no domain.
        @media (max-width: 640px), @import, @Override, @property
        foo@bar, me@localhost, root@db01
        pkg@1.2.3, actions/checkout@v4, image@sha256:abcdef
        e@e.1 and a@1.2.3.4
        git@github.com:owner/repository.git
        3 @ 4.99, 5 @ $10.00
        sprite@2x.png sprite@3x.webp
        sk-, sk-abc, sk-1234, ghp_, ghp_short, AKIA, AKIA123, xoxb-1
        sk-learn-contrib-and-friends-of-it and risk-free-of-every-charge
        task-1234567890-abcdefghij-klmnop
        AKIAINSTITUTEOFSCIENCEANDARTS
        github_pattern and npm_config_registry and hf_hub_download
        eyJ is how a token begins, eyJhbGciOi is a piece of one.
        eyJhbGciOi.notatoken.either
        one.two.three and www.example.com and index.html
        -----BEGIN CERTIFICATE-----
        -----BEGIN PUBLIC KEY-----
        A file that begins with -----BEGIN PRIVATE KEY----- is a private key.
        ---------------------------------------
        | 1 | 22 | 333 | 4444 | 55555 |
        1 22 333 4444 55555 666666 7777777
        0.5 0.25 0.125 0.0625
        12, 24, 36, 48, 60, 72, 84, 96
        100 000, 200 000, 300 000
        1,000,000 and 10,000,000 and 100,000,000
        1'234'567.89 CHF
        99.99 $99.99 99,99 € £1,234,567
        12/03/2024 12.03.2024 12-03-2024 2024/03/12
        03/04/24, 3.4.24, 4 March 2024
        10:30, 10:30:45, 10h30, 10.30 Uhr, 10:30-11:45
        2020-2024, 1998/99, 1914-1918
        40°26'46"N 79°58'56"W
        52.520008,13.404954
        -33.868820, 151.209290
        48 85 66, 2 35 22
        Lat 51.5074, long -0.1278, height 35
        5-3-2, 4-4-2, 3-5-2
        1-2-3-4-5-6-7-8-9
        01 02 2024
        $4155552671 and €4155552671 and #4155552671
        A1234567890, X12345678, AB123456C
        VIN 1HGCM82633A004352
        9400110200881234567890
        serial 555-12-34567
        part 123-4567-890
        SKU 415-555-26712
        barcode 4012345678901
        batch 020 7946 0958
        account 0612345678
        seed 4155552671, hash 2654435761
        1700000000, 1700000000000, 1700000000000000
        18446744073709551615 and -9223372036854775808
        2147483647, 4294967295, 65535
        """#

    /// Code, logs and other text by and for programs.
    static let machines = #"""
        {"to":"⟪E:jane@example.com⟫","cc":["⟪E:joe@example.com⟫"],"n":4155552671}
        {"note":"line one\n⟪E:jane@example.com⟫\nline three"}
        {"tel":"⟪P:+14155552671⟫","at":"2024-03-15T10:30:00Z"}
        {"note":"line one\n⟪K:sk1⟫\tand\r⟪K:ghp⟫"}
        INSERT INTO users VALUES (1, '⟪E:a.b@example.org⟫', '⟪P:415-555-2671⟫', '⟪S:219-09-9999⟫');
        curl -H "Authorization: Bearer ⟪K:sk1⟫" https://api.example.com/v1/models
        curl -u admin:⟪K:ghp⟫ https://example.com
        const key = "⟪K:sk2⟫";
        export GITHUB_TOKEN=⟪K:gho⟫
        export ANTHROPIC_API_KEY='⟪K:ant⟫'
        token: ⟪K:pat⟫ # rotate
        [default] aws_access_key_id=⟪K:akia⟫
        //registry.example.com/:_authToken=⟪K:npm⟫
        https://hooks.example.com/?token=⟪K:xoxb⟫&x=1
        Set-Cookie: session=⟪K:jwt⟫; HttpOnly
        key=⟪K:aiza⟫&q=berlin
        variables: { TOKEN: "⟪K:glpat⟫" }
        ⟪K:ghs⟫
        GET /users?email=⟪E:jane@example.com⟫ HTTP/1.1
        From: Jane <⟪E:jane@example.com⟫>
        Signed-off-by: Jane Doe <⟪E:jane.doe@example.com⟫>
        <a href="mailto:⟪E:hello@example.com⟫">⟪E:hello@example.com⟫</a>
        <a href="tel:⟪P:+442079460958⟫">⟪P:020 7946 0958⟫</a>
        name;mail;card ⏎ jane;⟪E:jane@example.com⟫;⟪C:4111111111111111⟫
        user ⟪E:x@example.com⟫ logged in from 203.0.113.7 at 10:30:45
        - ⟪I:DE89370400440532013000⟫
        iban=⟪I:NL91ABNA0417164300⟫
        **⟪P:+33 1 23 45 67 89⟫**
        `⟪E:dev@example.dev⟫` and `⟪K:akia⟫`
        (⟪E:a@example.com⟫)(⟪P:(415) 555-2671⟫)
        [⟪C:4242 4242 4242 4242⟫]
        """#
}
