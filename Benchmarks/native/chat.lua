-- wrk's request for every server under test, and its result as one JSON line. Arguments: the bytes of the prompt, as a
-- text that is repeated until there are so many, 0 for one short question; the model.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer caller-key"

local question =
    "What does a graph of nodes do with a chat turn, and why would an application want one place between itself and its models?"
-- As documents are: lines, quotes and letters beyond ASCII.
local paragraph =
    [[The house of the \"two rivers\" stands where both meet; nobody knows who built it, or why.\nThey say: caf\u00e9, na\u00efve, Übergang, 日本語.\n]]

function init(arguments)
    local bytes = tonumber(arguments[1])
    local document = string.rep(paragraph, math.ceil(bytes / #paragraph))
    wrk.body = [[{"model":"]] .. arguments[2]
        .. [[","messages":[{"role":"system","content":"You are a helpful assistant who answers in one short sentence."},{"role":"user","content":"]]
        .. document .. question .. [["}],"temperature":0.7,"max_tokens":128}]]
end

function done(summary, latency)
    local broken = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"not_2xx":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        broken.status, broken.connect + broken.read + broken.write + broken.timeout))
end
