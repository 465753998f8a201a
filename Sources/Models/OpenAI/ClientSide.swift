public import Base
public import HTTP

extension OpenAI: ClientDialect {
    public static func request(_ body: [UInt8], headers: HTTPHeaders) throws(CodedError) -> ChatRequest {
        try decodeRequest(body)
    }

    public static func answer(
        _ completion: ChatCompletion, to request: ChatRequest, as identity: AnswerIdentity, repairs: inout Repairs
    ) -> [UInt8] {
        encodeCompletion(completion, as: identity, repairs: &repairs)
    }

    public static func encoder(
        to request: ChatRequest, as identity: AnswerIdentity, requestID: String
    ) -> StreamEncoder {
        StreamEncoder(as: identity, includeUsage: request.includeUsage)
    }
}

extension OpenAI.StreamEncoder: AnswerEncoder {}
