/// What the words before a number say that it is. Asked only where the digits alone could be several things.
enum Cue {
    case phone, card, social
    /// A number of something else: an order, a book, a part.
    case number

    /// How far back is looked, in bytes, and no further than the line's beginning.
    static let reach = 48

    /// The cue that is nearest.
    static func nearest(before start: Int, _ text: Span<UInt8>) -> Cue? {
        var index = start - 1
        let end = max(0, start - reach)
        while index >= end {
            let byte = lower(text[index])
            if byte == UInt8(ascii: "\n") { return nil }
            if let words = words[byte] {
                for word in words where word.stands(at: index, before: start, text) { return word.cue }
            }
            index -= 1
        }
        return nil
    }

    private static func lower(_ byte: UInt8) -> UInt8 { byte.isUpper ? byte | 0x20 : byte }

    private struct Word {
        var bytes: [UInt8]
        var cue: Cue

        /// Short words count only where a word begins; long ones may be the end of a compound.
        func stands(at index: Int, before end: Int, _ text: Span<UInt8>) -> Bool {
            guard index + bytes.count <= end else { return false }
            for offset in bytes.indices where Cue.lower(text[index + offset]) != bytes[offset] { return false }
            guard bytes.count <= 4, bytes[0] < 0x80, index > 0 else { return true }
            return !text[index - 1].isLetter && text[index - 1] < 0x80
        }
    }

    /// In lower case, by their first byte.
    private static let words: [UInt8: [Word]] = {
        let lists: [(Cue, String)] = [
            (
                .phone,
                """
                phone tel telef telem fono call cell mobile mobil fax whatsapp signal sms dial ring reach hotline handy ruf \
                anruf appel joign portable gsm llam móvil movil celular contact cellulare chiam ligue ligar telem bel bellt \
                bellen zadzwo komór dzwon тел Тел звон Звон моб Моб телеф 電話 携帯 电话 手机 致电 联系 फोन फ़ोन मोबाइल \
                कॉल هاتف اتصل جوال موبايل telefon ara cep
                """
            ),
            (
                .card,
                "card visa mastercard amex karte kreditk carte tarjeta carta cartão kaart karta карт Карт カード 卡 कार्ड بطاقة kart"
            ),
            (.social, "ssn social"),
            (
                .number,
                """
                order invoice isbn issn ean upc gtin imei sku ticket serial tracking case id ids ref refer version build part \
                account acct customer batch model bestell auftrag rechnung kunden artikel sendung commande facture article \
                dossier pedido factura artículo expediente ordine fattura encomenda fatura zamówien zamow faktur bestelling \
                factuur заказ Заказ счет счёт Счёт артикул 订单 订单号 注文 型番 编号 ऑर्डर طلب فاتورة sipariş fatura barcode \
                parcel item product claim policy room port seed hash commit
                """
            ),
        ]
        var words: [UInt8: [Word]] = [:]
        for (cue, list) in lists {
            for word in list.split(whereSeparator: \.isWhitespace) {
                let bytes = Array(word.utf8)
                words[bytes[0], default: []].append(Word(bytes: bytes, cue: cue))
            }
        }
        return words
    }()
}
