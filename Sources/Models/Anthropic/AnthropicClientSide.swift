public import Base
public import HTTP

extension Anthropic: ClientDialect {
    public static func request(_ body: [UInt8], headers: HTTPHeaders) throws(CodedError) -> ChatRequest {
        var request = try decodeRequest(body)
        try read(headers, into: &request)
        return request
    }

    /// The same of a request to count its tokens.
    public static func tokenCountRequest(_ body: [UInt8], headers: HTTPHeaders) throws(CodedError) -> ChatRequest {
        var request = try decodeTokenCountRequest(body)
        try read(headers, into: &request)
        return request
    }

    private static func read(_ headers: HTTPHeaders, into request: inout ChatRequest) throws(CodedError) {
        request.betas = try betas(list("anthropic-beta", in: headers))
        request.version = try version(list("anthropic-version", in: headers))
    }

    /// A client may send a list in several headers of one name.
    private static func list(_ name: String, in headers: HTTPHeaders) -> String? {
        let values = headers.values(of: name)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    public static func answer(
        _ completion: ChatCompletion, to request: ChatRequest, as identity: AnswerIdentity, repairs: inout Repairs
    ) -> [UInt8] {
        encodeCompletion(completion, as: identity, repairs: &repairs)
    }

    public static func encoder(
        to request: ChatRequest, as identity: AnswerIdentity, requestID: String
    ) -> StreamEncoder {
        StreamEncoder(as: identity, requestID: requestID)
    }
}

extension Anthropic.StreamEncoder: AnswerEncoder {}
