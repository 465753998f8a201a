extension GuardCorpus {
    /// English of several countries.
    static let english = #"""
        Please write to ⟪E:jane.doe@example.com⟫ before Friday.
        My address is ⟪E:j.smith+billing@mail.example.co.uk⟫, thanks!
        Contact: <⟪E:support@example.org⟫> or call ⟪P:(415) 555-2671⟫.
        You can reach Tom at ⟪P:+1 415-555-2671⟫ or ⟪P:+1 (212) 555-0188⟫.
        Call 1-800 first? No: ⟪P:1-800-555-0199⟫ is the hotline.
        Her cell is ⟪P:415.555.2671⟫; the office is ⟪P:212 555 0143⟫.
        phone=⟪P:4155552671⟫
        Text me on my mobile: ⟪P:07700 900123⟫.
        The London office: ⟪P:020 7946 0958⟫, from abroad ⟪P:+44 20 7946 0958⟫.
        Manchester is ⟪P:0161 496 0000⟫ and Leeds ⟪P:0113 496 0999⟫.
        Dial ⟪P:+44 (0)20 7946 0958⟫ and ask for Priya.
        WhatsApp ⟪P:+447700900123⟫ any time.
        Sydney: ⟪P:(02) 9876 5432⟫, mobile ⟪P:0412 345 678⟫.
        Our Australian toll-free number is ⟪P:1300 975 707⟫.
        From overseas use ⟪P:+61 2 9876 5432⟫.
        In Mumbai ring ⟪P:+91 98765 43210⟫ or ⟪P:022 2345 6789⟫.
        My Indian mobile ⟪P:98765 43210⟫ works on weekdays.
        Irish office: ⟪P:+353 1 496 0123⟫.
        Singapore: ⟪P:+65 6123 4567⟫, Hong Kong: ⟪P:+852 2123 4567⟫.
        South Africa: ⟪P:+27 21 555 0123⟫; New Zealand: ⟪P:+64 9 555 0123⟫.
        Fax ⟪P:0044 20 7946 0958⟫ still works.
        The test card is ⟪C:4111 1111 1111 1111⟫, expiry 12/27, CVC 123.
        Charge it to ⟪C:4242424242424242⟫ please.
        She paid with ⟪C:5555-5555-5555-4444⟫ yesterday.
        Amex: ⟪C:3782 822463 10005⟫ (four digits on the front).
        Card number ⟪C:371449635398431⟫ was declined.
        Discover ⟪C:6011 1111 1111 1117⟫ is accepted, and Diners ⟪C:3056 930902 5904⟫ too.
        JCB ⟪C:3530111333300000⟫ and the new Mastercard ⟪C:2223003122003222⟫ work.
        jane,⟪C:5105105105105100⟫,2027-04,approved
        {"card":"⟪C:4012888888881881⟫","cvc":"999"}
        His SSN is ⟪S:219-09-9999⟫.
        Social security number: ⟪S:457 55 5462⟫
        The W-2 lists ⟪S:123-45-6789⟫ for the employee.
        ssn: ⟪S:536.22.1234⟫
        Wire the money to ⟪I:GB29 NWBK 6016 1331 9268 19⟫ by noon.
        IBAN ⟪I:IE29AIBK93115212345678⟫, reference 4471.
        Export OPENAI_API_KEY=⟪K:sk1⟫ in your shell.
        The key ⟪K:sk2⟫ was leaked on a forum.
        Use ⟪K:ant⟫ for the other provider.
        git clone with token ⟪K:ghp⟫ worked.
        The fine-grained one is ⟪K:pat⟫.
        aws_access_key_id = ⟪K:akia⟫
        Temporary credentials start with ⟪K:asia⟫, see the manual.
        SLACK_BOT_TOKEN="⟪K:xoxb⟫"
        Authorization: Bearer ⟪K:jwt⟫
        The maps key is ⟪K:aiza⟫.
        gitlab: ⟪K:glpat⟫; npm: ⟪K:npm⟫
        Stripe says ⟪K:stripe⟫ is a live key.
        ⟪K:pem⟫
        Send it to ⟪E:a@example.io⟫, ⟪E:b@example.io⟫ and ⟪E:c@example.io⟫.
        mailto:⟪E:press@news.example.com⟫?subject=Hello
        "Jane" <⟪E:jane_doe-99@sub.example.museum⟫>; "Bob" <⟪E:BOB@EXAMPLE.COM⟫>
        Is it ⟪E:user%dept@example.com⟫? I am not sure.
        user=⟪E:jane@example.net⟫&plan=pro
        Mail ⟪E:ops@example.com⟫; if that fails, ring ⟪P:+1-650-555-0110⟫ x12.
        There is no secret in this sentence at all.
        The meeting moved from 2:30 pm to 14:45 on 2024-03-15.
        We shipped version 2.14.3 on 03/15/2024 and 2.14.4 a day later.
        The population grew from 7,888,000,000 to 8,045,311,447 in two years.
        Order 112-4839201-5543289 will arrive between 10 and 12.
        Your order number is 4155552671 and the total is $1,249.99.
        Ticket #4155552671 was closed by the bot.
        Invoice 2024-000123 is due on 04/30/2024.
        The server at 192.168.100.200 answered in 12.5 ms.
        Ping 10.0.0.1, then 172.16.254.1, then 2001:0db8:85a3:0000:0000:8a2e:0370:7334.
        ISBN 978-0-306-40615-7 and ISBN-10 0-306-40615-2 are the same book.
        The EAN is 4006381333931; it is printed under the bars.
        Room 415, floor 2, seats 555 to 2671.
        It costs 1 234 567.89 dollars, or 1.234.567,89 euros.
        The commit is 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b.
        Build 20240315.4 passed 1042 tests in 317 s.
        UUID 123e4567-e89b-12d3-a456-426614174000 is an example.
        Follow @example on social media, or @jane_doe@social.example there.
        The file icon@2x.png and logo@3x.jpg are new.
        Install left-pad@1.3.0 and lodash@4.17.21 with one command.
        pi is 3.14159265358979 and e is 2.718281828459045.
        The coordinates are 40.712776, -74.005974 (New York).
        He ran 42.195 km in 2:59:59 on 10-10-2020.
        sk-learn is not a key, and neither is sk-something-with-many-hyphens.
        The word task-force-of-twenty-people-and-more has hyphens only.
        The status code 404 came 1234567 times.
        A Unix time such as 1700000000 or 1700000000123 is no number to call.
        IMEI 353011133330000 belongs to a lost handset.
        Tracking: 1Z999AA10123456784 with UPS, 9400 1000 0000 0000 0000 00 with USPS.
        The ratio is 4111:1111 and the range 4111-1111.
        Chapter 12, verses 3-16, pages 415-555.
        git@github.com:example/project.git is where it lives.
        ssh deploy@localhost works, and so does root@server.
        The interval [0.5, 0.95] covers 95% of 1,000,000 samples.
        case id 234-567-8901 was merged with case id 234-567-8902.
        The prefix AKIA alone, or ghp_ with too little behind it, is none.
        The range 100-200-3000 has no meaning.
        The score was 3-2, then 4-4-4, then 10-7.
        In 1999, 2000 and 2001 it was 555 000 a year.
        The serial is 2345-678-9012-33 on the back.
        RGB(255, 128, 64) is #FF8040.
        MAC 00:1B:44:11:3A:B7 is on the label.
        """#
}
