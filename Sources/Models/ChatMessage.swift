public import JSON

/// One message of a conversation.
public struct ChatMessage: Sendable {
    public enum Role: String, Sendable, CaseIterable {
        case system, developer, user, assistant, tool, function
    }

    public enum Content: Sendable {
        case none
        case text(String)
        case parts([ContentPart])
    }

    public var role: Role
    public var content: Content
    public var name: String?
    /// The calls that an assistant's message makes.
    public var toolCalls: [ToolCall]
    /// The call that a tool's message answers.
    public var toolCallID: String?
    public var refusal: String?
    /// What an assistant thought before it said this, in order.
    public var reasoning: [Reasoning] = []
    /// Of a tool's message: whether the call failed.
    public var isFailure = false
    /// Where the client's request has it, if it does not have its messages one to one.
    public var places: MessagePlaces?

    public init(
        role: Role, content: Content, name: String? = nil, toolCalls: [ToolCall] = [], toolCallID: String? = nil,
        refusal: String? = nil
    ) {
        self.role = role
        self.content = content
        self.name = name
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.refusal = refusal
    }

    public init(_ role: Role, _ text: String) { self.init(role: role, content: .text(text)) }

    /// The text of the content: a string as it is, of parts the texts joined.
    public var text: String {
        switch content {
        case .none: ""
        case .text(let text): text
        case .parts(let parts):
            parts.reduce(into: "") { text, part in
                if case .text(let piece) = part { text += piece }
            }
        }
    }
}

/// A piece of a message's content.
public enum ContentPart: Sendable {
    case text(String)
    case refusal(String)
    /// A URL as the client gave it, often a `data:` one. Never fetched by us.
    case image(url: String, detail: String?)
    case audio(data: String, format: String)
    case document(Document)
    /// The prompt up to here is worth keeping in the provider's cache.
    case cacheMark(CacheMark)
    /// A kind that OpenAI's dialect does not name; providers have more. The whole part.
    case other(type: String, JSONNode)

    var isText: Bool { if case .text = self { true } else { false } }

    /// The name in OpenAI's dialect.
    public var type: String {
        switch self {
        case .text: "text"
        case .refusal: "refusal"
        case .image: "image_url"
        case .audio: "input_audio"
        case .document: "file"
        case .cacheMark: "cache_control"
        case .other(let type, _): type
        }
    }
}

/// A file in a conversation.
public struct Document: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        case base64(mediaType: String, data: String)
        case url(String)
        case text(String)
        /// The provider's id of a file that it has.
        case id(String)
    }

    public var source: Source
    public var name: String?

    public init(_ source: Source, name: String? = nil) {
        self.source = source
        self.name = name
    }
}

/// How long a provider is to keep what it caches, in its own words; `nil` leaves it to the provider.
public struct CacheMark: Sendable, Equatable {
    public var lifetime: String?

    public init(lifetime: String? = nil) { self.lifetime = lifetime }
}

/// A piece of an assistant's reasoning.
public enum Reasoning: Sendable, Equatable {
    /// With the provider's proof that it is its own, if it gives one. The text may be empty beside it.
    case text(String, signature: String?)
    /// What only its provider can read.
    case sealed(String)
}

public struct ToolCall: Sendable, Equatable {
    public var id: String
    public var name: String
    /// JSON text, as the model wrote it: not always valid.
    public var arguments: String

    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// A function that the model may call.
public struct ToolDefinition: Sendable {
    public var name: String
    public var description: String?
    /// The JSON schema of its arguments.
    public var parameters: JSONNode?
    public var strict: Bool?
    /// The tools up to and with this one are worth keeping in the provider's cache.
    public var cacheMark: CacheMark?

    public init(name: String, description: String? = nil, parameters: JSONNode? = nil, strict: Bool? = nil) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.strict = strict
    }
}

public enum ToolChoice: Sendable {
    case none, auto, required
    case function(String)
    /// A choice that only the client's own dialect knows.
    case other(JSONNode)
}

public enum ResponseFormat: Sendable {
    case text
    case jsonObject
    case jsonSchema(name: String, schema: JSONNode?, strict: Bool?)
}
