internal import Base
public import JSON

extension GraphBuilder {
    /// A node that asks somebody and writes the answer. `question` makes what is to be shown from the fields that it
    /// reads; the answer must decode as the field's type.
    ///
    /// Only a run that is kept can ask (``DurableRunner``). While it waits the other branches go on; when nothing else
    /// is left to do, the run is parked and costs no more than what is kept of it. Nothing that has run runs again when
    /// the answer comes. Any number of nodes may ask at the same time, also in graphs inside this one.
    ///
    /// Fails the node with what `question` throws, and with `internal_error` for content that JSON cannot hold. Costs two entries, the answer's and the step's.
    @discardableResult
    public func ask<each Read: Sendable, Answer: Codable & Sendable>(
        _ name: String, reads: repeat any KeyPath<State, each Read> & Sendable,
        writes path: any WritableKeyPath<State, Answer> & Sendable,
        question: @escaping @Sendable (repeat each Read) throws -> JSON
    ) -> Self {
        var uses: [FieldRead<State>] = []
        repeat uses.append(FieldRead(each reads))
        let check: AnswerCheck = { (node) throws(CodedError) in _ = try decodeAnswer(Answer.self, from: node) }
        return add(name, uses, [FieldWrite(path)], content: .question(check)) { table in
            let writer = table.writer(path)
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return {
                    let content = try question(repeat each values)
                    let answer = try await context.answer(to: content, as: Answer.self, check: check)
                    return { store, rounds in writer.write(answer, rounds: rounds, to: &store) }
                }
            }
        }
    }
}

extension NodeContext {
    /// Waits for the answer to what this node asks.
    func answer<Answer: Decodable>(
        to content: JSON, as type: Answer.Type, check: @escaping AnswerCheck
    ) async throws -> Answer {
        guard let inbox = environment.durable?.inbox else { throw CodedError.notKept(name) }
        let shown = item.map { "\(environment.shownPlace)\(name)[\($0)]" } ?? environment.shownPlace + name
        let question = Question(id: step, node: shown, content: content)
        do throws(JSONCodingError) { _ = try JSONCoding.encode([question]) } catch {
            throw CodedError(
                .internalError, "A question cannot be kept.", detail: "node \"\(name)\": \(error.message)")
        }
        let bytes = try await inbox.answer(to: question, check: check) { await tell([], .asked(question)) }
        return try decodeAnswer(type, from: JSONDocument(bytes).root)
    }
}

private func decodeAnswer<Answer: Decodable>(_ type: Answer.Type, from node: JSONNode) throws(CodedError) -> Answer {
    do throws(JSONCodingError) {
        return try JSONCoding.decode(type, from: node)
    } catch {
        throw CodedError(
            .invalidType, "The answer is not of the type that the question asks for.", param: "answer",
            detail: error.message)
    }
}
