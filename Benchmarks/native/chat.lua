-- wrk's request for every server under test, and its result as one JSON line.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer caller-key"
wrk.body = [[{"model":"bench","messages":[{"role":"system","content":"You are a helpful assistant who answers in one short sentence."},{"role":"user","content":"What does a graph of nodes do with a chat turn, and why would an application want one place between itself and its models?"}],"temperature":0.7,"max_tokens":128}]]

function done(summary, latency)
    local broken = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"not_2xx":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        broken.status, broken.connect + broken.read + broken.write + broken.timeout))
end
