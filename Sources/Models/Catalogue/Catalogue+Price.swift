extension Catalogue {
    /// What three tokens of prompt and one of answer cost, in picodollars: about what chats are made of, and enough to
    /// compare targets by. `nil` where either price is not known.
    func price(of target: Target) -> Double? {
        guard let rates = entry(of: target)?.prices?.standard, let input = rates.input, let output = rates.output else {
            return nil
        }
        return 3 * Double(input.perToken.picodollars) + Double(output.perToken.picodollars)
    }
}
