/// What injections say, as patterns over folded text: in small letters, with single spaces. With each pattern go stems, in
/// one group or two (`&`): a text in which no word begins with any stem of a group is not searched for the pattern. A stem
/// counts with its first four bytes, and `_` is a space. `\b` stands beside ASCII letters only: for RE2 others are none.
enum InjectionPatterns {
    /// That something is to be decoded, which says little without something to decode.
    static let decoding = (
        stems: "deco base rot1 hex deko déco деко 解码 デコード",
        pattern: #"(decode|base64|base 64|rot13|\bhex|decodifi|dekodier|décod|декодир|解码|デコード)"#
    )

    static let all: [(signal: InjectionSignals.Signal, patterns: [(stems: String, pattern: String)])] = [
        (.override, overrides), (.promptExtraction, extractions), (.rolePlay, rolePlays), (.roleMarker, roleMarkers),
        (.fakeSystem, fakeSystems), (.delimiter, delimiters), (.encodedPayload, payloads),
    ]

    private static let overrides: [(stems: String, pattern: String)] = [
        (
            #"igno disr forg over bypa skip & inst prom rule dire guid comm cons cont prog poli"#,
            #"\b(ignore|disregard|forget|override|bypass|skip)\b.{0,20}\b(all|any|every|the|your|my|these|those|previous|prior|above|earlier|preceding|system)\b.{0,30}\b(instruction|prompt|rule|direction|guideline|command|constraint|context|programming|polic)"#
        ),
        (
            #"foll obey & inst rule guid prom"#,
            #"\b(do not|don't|stop) (follow|obey)(ing)? (the|your|any|all|these|previous)\b.{0,20}\b(instruction|rule|guideline|prompt)"#
        ),
        (#"inst & new_ upda real actu"#, #"\b(new|updated|real|actual) (system )?instructions?( are)?( follow)? ?:"#),
        (
            #"igno verg miss über & anwe inst rege vorg befe prom"#,
            #"(\b(ignorier|vergiss|vergesst|missacht)|überschreib)\w*.{0,30}\b(anweisung|instruktion|regel|vorgabe|befehl|prompt)"#
        ),
        (
            #"igno oubl négl cont & inst cons règl dire ordr"#,
            #"\b(ignore[zr]?|oublie[zr]?|néglige[zr]?|contourne[zr]?)\b.{0,40}\b(instruction|consigne|règle|directive|ordre)"#
        ),
        (
            #"igno olvi desc omit & inst regl indi orde dire"#,
            #"\b(ignor[ae]|olvid[ae]|descart[ae]|omit[ae])[a-z]*\b.{0,40}\b(instruccion|regla|indicacion|orden|directri|instrucción|indicación)"#
        ),
        (
            #"igno dime tras scor & istr rego dire indi"#,
            #"\b(ignora|dimentica|trascura|scorda)\w*.{0,40}\b(istruzion|regol|direttiv|indicazion)"#
        ),
        (
            #"igno esqu desc"#,
            #"\b(ignore|esqueça|esquece|desconsidere)\b.{0,40}(instruções|instruçoes|instrucoes|regras|diretrizes)"#
        ),
        (#"nege verg & inst rege opdr aanw"#, #"\b(negeer|vergeet)\b.{0,40}\b(instructie|regel|opdracht|aanwijzing)"#),
        (#"zign igno zapo pomi"#, #"\b(zignoruj|ignoruj|zapomnij|pomiń).{0,40}(instrukcj|polece|zasad|reguł)"#),
        (#"игно прои забу отбр"#, #"(игнорируй|проигнорируй|забудь|отбрось).{0,40}(инструкци|указани|правил|команд)"#),
        (#"忽略 无视 忘记 不要 忽視 無視"#, #"(忽略|无视|忘记|不要理会|忽視|無視).{0,15}(指令|指示|规则|規則|提示|说明|命令)"#),
        (#"指示 命令 指令 ルール プロンプト"#, #"(指示|命令|指令|ルール|プロンプト).{0,10}(無視|忘れ|従わない)"#),
        (#"निर्देश नियम आदेश"#, #"(निर्देश|नियम|आदेश).{0,30}(अनदेखा|भूल|नज़रअंदाज़|नजरअंदाज)"#),
        (#"अनदेखा भूल नज़रअंदाज़"#, #"(अनदेखा|भूल|नज़रअंदाज़).{0,30}(निर्देश|नियम|आदेश)"#),
        (#"تجاهل انس تجاوز"#, #"(تجاهل|انس|تجاوز).{0,30}(تعليمات|التعليمات|قواعد|القواعد|الأوامر|أوامر)"#),
        (#"tali kura yöne komu"#, #"(talimat|kural|yönerge|komut)\S*.{0,30}(yok say|unut|görmezden gel|dikkate alma)"#),
        (#"지시 명령 규칙 프롬프트"#, #"(지시|명령|규칙|프롬프트).{0,15}(무시|잊어)"#),
    ]

    private static let extractions: [(stems: String, pattern: String)] = [
        (
            #"reve show prin repe outp disp tell give leak dump reci writ what & syst init hidd orig secr deve inst"#,
            #"\b(reveal|show|print|repeat|output|display|tell|give|leak|dump|recite|write out|what (is|are|was|were))\b.{0,30}\b(your|the|all|above|initial|hidden|original)\b.{0,20}\b(system ?prompt|system ?message|(initial|hidden|original|secret|system|developer) (instruction|prompt|rule)|instructions (above|before|verbatim|you (were|got|have)))"#
        ),
        (#"repe & abov befo"#, #"\brepeat (everything|all|the (text|words)) (above|before)"#),
        (
            #"syst anfa gehe"#,
            #"\b(zeig|nenn|gib|verrat|wiederhol)\w*.{0,40}\b(system-?prompt|systemnachricht|(anfangs|geheimen? )anweisung)"#
        ),
        (
            #"prom invi inst"#,
            #"\b(montre|révèle|affiche|répète|donne)\w*.{0,40}\b(prompt système|invite système|instructions (initiales|cachées|secrètes))"#
        ),
        (
            #"prom inst"#,
            #"\b(muestra|revela|repite|dime|imprime)\w*.{0,40}\b(prompt (del|de) sistema|instrucciones (iniciales|ocultas|secretas|del sistema))"#
        ),
        (
            #"prom istr"#,
            #"\b(mostra|rivela|ripeti)\w*.{0,40}\b(prompt (di|del) sistema|istruzioni (iniziali|nascoste|segrete))"#
        ),
        (
            #"prom inst"#,
            #"\b(mostre|revele|repita)\b.{0,40}(prompt (do|de) sistema|instruções (iniciais|ocultas|secretas|do sistema))"#
        ),
        (#"syst verb"#, #"\b(toon|onthul|herhaal)\b.{0,40}\b(systeemprompt|verborgen instructie)"#),
        (#"prom ukry"#, #"\b(pokaż|ujawnij|powtórz).{0,40}(prompt systemowy|ukryte instrukcje)"#),
        (
            #"сист скры"#,
            #"(покажи|раскрой|повтори|выведи).{0,40}(системн\S* (промпт|подсказк|инструкц|сообщени)|скрыт\S* инструкц)"#
        ),
        (#"系统 隐藏 初始"#, #"(显示|透露|告诉我|重复|输出|泄露).{0,15}(系统提示|系统指令|隐藏指令|初始指令)"#),
        (#"システム 隠された 初期"#, #"(システムプロンプト|隠された指示|初期指示).{0,15}(表示|見せ|教え|出力)"#),
        (#"सिस्टम"#, #"(सिस्टम प्रॉम्प्ट).{0,30}(दिखा|बता)"#),
        (#"موجه تعليمات"#, #"(اعرض|أظهر|اكشف|كرر).{0,30}(موجه النظام|تعليمات النظام)"#),
        (#"sist"#, #"(sistem (istemi|komutu|promptu))\S*.{0,30}(göster|yaz|açıkla)"#),
    ]

    private static let rolePlays: [(stems: String, pattern: String)] = [
        (
            #"you_ & now no_l"#,
            #"\byou are (now|no longer)\b.{0,60}\b(dan|unrestricted|unfiltered|jailbroken|without (any )?(rules|restrictions|filters|limits)|bound by|free from|evil|developer mode)"#
        ),
        (
            #"beha resp answ pret act & rule rest filt guid limi cens poli"#,
            #"\b(act|behave|respond|answer|pretend)\b.{0,40}\b(as if|without|no)\b.{0,30}\b(rules|restrictions|filters?|guidelines|limits|limitations|censorship|policies)"#
        ),
        (
            #"deve debu god_ sudo admi jail dan_ & mode"#,
            #"\b(developer|debug|god|sudo|admin|jailbreak|dan) mode\b.{0,20}\b(on|enabled?|activated?|now)\b"#
        ),
        (#"do_a"#, #"\bdo anything now\b"#),
        (
            #"enab ente acti swit & mode"#,
            #"\b(enable|enter|activate|switch to) (the )?(developer|debug|god|sudo|jailbreak|dan) mode\b"#
        ),
        (
            #"du_b tu_e ahor sei_ agor je_b jest & ohne sans sin senz sem zond bez"#,
            #"(\b(du bist (jetzt|nun)|tu es (désormais|maintenant)|ahora eres|sei ora|je bent nu|jesteś teraz)\b|\bagora você é ).{0,60}\b(ohne|sans|sin|senza|sem|zonder|bez)\b.{0,20}\b(regeln|règles|reglas|regole|regras|regels|zasad|filter|restrictions?|restricciones|restrizioni|restrições|einschränkungen)"#
        ),
        (#"ты теперь"#, #"(ты теперь|теперь ты).{0,40}без (правил|ограничений|фильтров)"#),
        (#"你现在是"#, #"你现在是.{0,20}(没有|不受).{0,10}(限制|规则|约束)"#),
    ]

    private static let roleMarkers: [(stems: String, pattern: String)] = [
        (
            #"<|im <|sy <|us <|as <|en <|eo <|st <|be"#,
            #"<\|(im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>"#
        ),
        (#"[ins [/in [sys [/sy <<sy <</s"#, #"\[/?(inst|sys|system)\]|<</?sys>>"#),
        (#"<sys </sy <ass </as <dev </de"#, #"</?(system|assistant|developer)(_(prompt|message))?>"#),
        (
            #"### syst assi & :_"#,
            #"(^| )(### ?(system|instruction|assistant|response)|system (prompt|message|override)|assistant) ?: "#
        ),
        (#"{"ro {_"r"#, #"\{ ?"role" ?: ?"(system|assistant|developer)""#), (#"<sta <end"#, #"<(start|end)_of_turn>"#),
    ]

    private static let fakeSystems: [(stems: String, pattern: String)] = [
        (
            #"syst admi deve root"#,
            #"(\[|\(|\*\*|<|#)\s?(system|admin(istrator)?|developer|root) ?(notice|message|note|alert|update|override|command|instruction)s?\b"#
        ),
        (
            #"mess note noti inst & from"#,
            #"\b(message|note|notice|instruction)s? from (the )?(system|administrators?|developers?|your (creators?|developers?)|openai|anthropic)\b.{0,20}:"#
        ),
        (
            #"i_am this i'm_ & must over auth disa perm comp orde"#,
            #"\b(i am|this is|i'm) (your|the) (developer|creator|administrator|admin|system|programmer|engineer)\b.{0,60}\b(must|override|authori[sz]|disable|permission|comply|order)"#
        ),
        (#"syst admi & over"#, #"\b(system|admin) override\b"#),
    ]

    private static let delimiters: [(stems: String, pattern: String)] = [
        (
            #"end ende fin & syst user"#,
            #"(end|ende|fin) (of )?(the )?(system|user) ?(prompt|message|input|instructions?)\b.{0,20}(-{3,}|={3,}|#{3,}|\]|>|:)"#
        ),
        (
            #"--- === ### *** & end begi star"#,
            #"(-{3,}|={3,}|#{3,}|\*{3,}) ?(end|begin|start) (of )?(the )?(system|user|new|prompt|instructions?|input|context)"#
        ),
        (
            #"</us </co </do </in </pr </un </da <use <con <doc <ins <pro <unt <dat"#,
            #"</?(user_input|user_message|context|documents?|instructions?|prompt|untrusted|data)> ?(now|new|ignore|system|you|please)"#
        ),
        (
            #""""_ '''_ ```_ """e """i """s """n '''e '''i '''s '''n ```e ```i ```s ```n"#,
            #"("""|'''|```) ?(end|ignore|system|new instructions)"#
        ),
    ]

    private static let payloads: [(stems: String, pattern: String)] = [
        (
            #"deco decr deob & foll exec obey do_w carr run comp"#,
            #"\b(decode|decrypt|deobfuscate)\b.{0,60}\b(and|then)\b.{0,20}\b(follow|execute|obey|do what|carry out|run|comply)"#
        ),
        (#"\u00 \x &#"#, #"(\\u00[0-9a-f]{2}){8}|(\\x[0-9a-f]{2}){8}|(&#x?[0-9a-f]{2,4};){8}"#),
    ]
}
