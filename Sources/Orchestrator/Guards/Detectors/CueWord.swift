/// A word that is a cue, as it stands in text: whole, with capitals or not, also as a part of a name such as `homePhone`.
struct CueWord {
    let kind: Cue.Kind
    /// In lower case where they are ASCII.
    private let bytes: [UInt8]
    /// Whether the word may go on.
    private let isStem: Bool

    /// Behind the word if it stands at this place, where a word begins or does not matter.
    func end(at index: Int, before limit: Int, _ text: Span<UInt8>) -> Int? {
        var end = index + bytes.count
        guard end <= limit else { return nil }
        for offset in bytes.indices where text[index + offset].lowered != bytes[offset] { return nil }
        if isStem {
            while end < limit, text[end].isLetter || text[end].opensLetter || text[end].isContinuation { end += 1 }
            return end
        }
        if Self.ends(at: end, before: limit, text) { return end }
        // A plural; of telephones those are counted, not called.
        let mayBeMany = kind == .thing || kind == .card || kind == .identity
        guard mayBeMany, text[end].lowered == UInt8(ascii: "s"), Self.ends(at: end + 1, before: limit, text)
        else { return nil }
        return end + 1
    }

    static func begins(at index: Int, _ text: Span<UInt8>) -> Bool {
        let before = text.before(index)
        // `homePhone`, but not `iPhone`.
        if before.isLetter { return text[index].isUpper && !before.isUpper && index > 1 && text[index - 2].isLetter }
        return !(before.isContinuation && index > 1 && text[index - 2].opensLetter)
    }

    private static func ends(at index: Int, before limit: Int, _ text: Span<UInt8>) -> Bool {
        guard index < limit else { return true }
        if text[index].isLetter { return text[index].isUpper && !text[index - 1].isUpper }
        return !text[index].opensLetter
    }

    /// Whether the word before is a compound with "number": `Kundennummer`.
    static func endsInNumber(_ end: Int, _ text: Span<UInt8>) -> Bool {
        numbers.contains { number in
            end >= number.count
                && number.indices.allSatisfy { text[end - number.count + $0].lowered == number[$0] }
        }
    }

    private static let numbers = ["nummer", "nr", "number", "numret", "numero"].map { Array($0.utf8) }

    /// By their first byte: those that stand where a word begins, and those that may be the end of a compound.
    static let words = table { !$0.hasPrefix("*") }
    static let endings = table { $0.hasPrefix("*") }

    /// Whether there are any of these, a bit each, for every byte.
    static let opens: [UInt8] = (0...255).map { (byte: UInt8) -> UInt8 in
        let place = Int(byte.lowered)
        return (words[place].isEmpty ? 0 : 1) | (endings[place].isEmpty ? 0 : 2)
    }

    private static func table(_ isIncluded: (Substring) -> Bool) -> [[CueWord]] {
        var table = Array(repeating: [CueWord](), count: 256)
        for (kind, list) in lists {
            for entry in list.split(whereSeparator: \.isWhitespace) where isIncluded(entry) {
                let word = entry.filter { $0 != "*" }.replacing("_", with: " ")
                for spelling in spellings(of: word) {
                    table[Int(spelling[0])].append(
                        CueWord(kind: kind, bytes: spelling, isStem: entry.hasSuffix("*")))
                }
            }
        }
        return table
    }

    /// Only ASCII is compared without regard to case, so letters beyond it are there in both.
    private static func spellings(of word: String) -> Set<[UInt8]> {
        let forms = [word, word.prefix(1).uppercased() + word.dropFirst(), word.uppercased()]
        return Set(forms.map { $0.utf8.map(\.lowered) })
    }

    /// `word*` may go on, `*word` may be the end of a compound, `_` is a space.
    private static let lists: [(Cue.Kind, String)] = [
        (
            .phone,
            """
            phone phones":[" telephone cellphone *phonenumber tel telephones telef* telem* fono mobile mobil mobilnr \
            mobilnum* mobiltel* mobilfunk* mobiel* gsm fax *fax *hotline *handy handynum* *telefon *telefoon* tél \
            téléph* teléf* telèf* móvil movil celular* cellulare telemóvel komórk* telepon điện_thoại sđt puh puhelin* \
            τηλ τηλέφων* κινητό тел телеф* моб мобил* сотов* факс 電話 携帯 电话 手机 座机 전화 휴대폰 핸드폰 연락처 फोन फ़ोन मोबाइल هاتف \
            جوال موبايل تلفن טלפון נייד โทร my_number your_number his_number her_number our_number their_number ph cel \
            mob fone kom tlf telp đt whatsapp helpline landline voicemail msisdn emergency_line support_line \
            direct_line toll_free toll-free tollfree rufnummer* callback_number my_cell his_cell her_cell mio_cell \
            mi_cel mi_número mio_numero mon_numéro meine_nummer meu_número mijn_nummer mitt_nummer мой_номер
            """
        ),
        (
            .phoneVerb,
            """
            call dial sms anruf anrufen rufen ruf ruft bel bellen appelez appeler appelle joignable joindre llama_al \
            llame llamar llámame llámanos llámenos llámeme llámalo chiama chiami chiamami chiamare ligue ligar \
            zadzwoń zadzwon dzwoń volejte zavolejte soita hívja hívjon sunați sună gọi hubungi ara arayın arayin звони \
            звоните звонить позвон* καλέστε 致电 拨打 联系 कॉल اتصل התקשרו phoned contact contacto contato contatto kontakt
            """
        ),
        (
            .phoneHint,
            "cell portable signal ring reach reachable erreichbar text_me text_us text_him text_her text_them"
        ),
        (
            .card,
            """
            card *card visa mastercard amex maestro *karte kreditk* carte tarjeta carta cartão kaart karta karty kort \
            kart pan ccnum cardnum* карт* カード 卡 कार्ड بطاقة البطاقة 카드 credit_card debit_card
            """
        ),
        (.social, "ssn ssns social_security socialsecurity social_security_number social_sec social"),
        (
            .thing,
            """
            order *order invoice isbn issn ean upc gtin imei sku ticket serial tracking ref reference version build \
            part batch model bestell* auftrag* rechnung* artikel* art sendung* sendenum* commande facture article \
            pedido factura artículo ordine fattura encomenda fatura zamówien* zamow* faktur* bestelling* factuur* \
            заказ* счет счёт артикул* 订单 注文 型番 编号 ऑर्डर طلب فاتورة sipariş* barcode parcel item product room port seed \
            hash commit zip zipcode postcode postal plz bytes offset pid epoch timestamp lottery score resolution \
            coordinates range ratio average sum total trace txn transaction réf réfé* sin tfn abn acn ird bsn pesel \
            aadhaar ein duns npi nip regon siret siren kvk cpf cnpj 주문번호 shipment voucher coupon receipt lot \
            expediente bestellung po
            """
        ),
        (
            .identity,
            """
            id ids uid guid account acct konto policy claim dossier conto compte cuenta conta rekening счета رقم \
            claimnum* uuid
            """
        ),
        (.party, "customer client kunden* kunde member employee patient user guest case cliente client"),
    ]
}
