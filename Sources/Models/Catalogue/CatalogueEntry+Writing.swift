internal import JSON

extension CatalogueEntry {
    /// As an object with everything that the catalogue can say; what is not known is `null`. Prices are decimals in
    /// dollars a million tokens.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("provider", provider)
        writer.member("model", model)
        writer.member("kind", kind.rawValue)
        for (name, count) in [("context", context), ("output", output)] as [(StaticString, Int?)] {
            if let count { writer.member(name, count) } else { writer.member(name, JSON.null) }
        }
        writer.member("dimensions", ifPresent: dimensions)
        writer.key("capabilities")
        if let capabilities {
            writer.value(.array(Capability.allCases.filter(capabilities.contains).map { .string($0.rawValue) }))
        } else {
            writer.null()
        }
        steering?.write(to: &writer)
        writer.key("prices")
        if let prices { prices.write(to: &writer) } else { writer.null() }
        writer.member("tokenizer", orNull: tokenizer?.rawValue)
        writer.member("source", source)
        writer.member("date", orNull: date)
        writer.endObject()
    }
}

extension Steering {
    /// Members, those alone of which something is known.
    fileprivate func write(to writer: inout JSONWriter) {
        if let efforts {
            writer.key("efforts")
            writer.value(.array(ThinkingEffort.allCases.filter(efforts.contains).map { .string($0.rawValue) }))
        }
        guard !refuses.isEmpty else { return }
        writer.key("refuses")
        writer.value(.array(RequestRefusal.allCases.filter(refuses.contains).map { .string($0.rawValue) }))
    }
}

extension Prices {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        standard.writeMembers(to: &writer)
        if !tiers.isEmpty {
            writer.key("tiers")
            writer.beginArray()
            for tier in tiers {
                writer.beginObject()
                writer.member("above", tier.above)
                tier.rates.writeMembers(to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}

extension Prices.Rates {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        let all =
            [
                ("input", input), ("cached", cached), ("write", write), ("write_1h", writeHour), ("output", output),
                ("reasoning", reasoning),
            ] as [(StaticString, TokenPrice?)]
        for (name, price) in all { writer.member(name, orNull: price?.description) }
    }
}
