-- One new sale a request, lines in turn. Environment: BENCH_LINES (file: path, token and perhaps a DPoP proof a line),
-- BENCH_PREFIX (makes sale ids of this run unlike any other's), BENCH_AT (occurred_at), BENCH_CURRENCY.
local heads, count = {}, 0
local prefix, at, currency = os.getenv("BENCH_PREFIX"), os.getenv("BENCH_AT"), os.getenv("BENCH_CURRENCY")
local tail = '","kind":"sale","occurred_at":"' .. at .. '","amount":4250,"currency":"' .. currency .. '"}'
local length = #('{"sale_id":"' .. prefix .. string.format("%08d", 0) .. tail)

for line in io.lines(os.getenv("BENCH_LINES")) do
  local path, token, proof = line:match("^(%S+) (%S+) ?(%S*)$")
  heads[#heads + 1] = "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: DPoP " .. token
    .. (proof == "" and "" or "\r\nDPoP: " .. proof) .. "\r\nContent-Type: application/json\r\nContent-Length: " .. length
    .. '\r\n\r\n{"sale_id":"' .. prefix
end

request = function()
  count = count + 1
  return heads[count % #heads + 1] .. string.format("%08d", count) .. tail
end

done = function(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests_count":%d,"seconds":%.6f,"errors_count":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
