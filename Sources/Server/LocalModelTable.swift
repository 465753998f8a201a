internal import Base
internal import LocalModels
internal import Synchronization

/// The models in this process, by the file that each was made of: whoever asks for one that still lives gets the same,
/// so that none is loaded twice. The table keeps none alive: a model that no world has any more ends with its last
/// request.
final class LocalModelTable: Sendable {
    private struct Key: Hashable {
        let modelPath: String
        let libraryPath: String
    }

    private struct Entry {
        weak var model: LocalModel?
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())

    /// The model of these files; `make` is called under the lock and must not load it.
    func model(_ configuration: LocalConfiguration, _ make: () -> LocalModel) -> LocalModel {
        let key = Key(modelPath: configuration.modelPath, libraryPath: configuration.libraryPath)
        let (model, isShutDown) = state.withLock { state in
            if let known = state.entries[key]?.model { return (known, state.isShutDown) }
            state.entries = state.entries.filter { $0.value.model != nil }
            let model = make()
            state.entries[key] = Entry(model: model)
            return (model, state.isShutDown)
        }
        if isShutDown { model.shutdown() }
        return model
    }

    /// How many are alive.
    var count: Int { state.withLock { $0.entries.values.count { $0.model != nil } } }

    /// Ends all that are alive, and whatever is asked for later.
    func shutdown() {
        let models = state.withLock { state in
            state.isShutDown = true
            return state.entries.values.compactMap(\.model)
        }
        for model in models { model.shutdown() }
    }
}
