-- Hits as browsers send them: pages, titles, referrers, addresses and user agents vary.
-- Arguments: a seed, the site, and the mean pause of a connection between hits in ms (0 for none).
local number, thread_number, threads = 0, 0, 0
local agents = {}
for i = 1, 300 do
  agents[i] = string.format("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.%d Safari/537.36", 90 + i % 40, i)
end
local referrers = {"https://www.google.com/", "https://news.ycombinator.com/item?id=1", "", "https://t.co/abc"}

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

-- Built beforehand, so that the load itself takes little of the machine.
local requests = {}

function init(arguments)
  local site = arguments[2] or "example"
  local pause = tonumber(arguments[3] or "0")
  if pause > 0 then
    delay = function() return math.random(0, math.floor(2 * pause)) end
  end
  math.randomseed(tonumber(arguments[1] or "1") + thread_number)
  for i = 1, 8192 do
    local page = math.floor(500 * math.random() * math.random())
    local visitor = math.random(1, 20000)
    local body = string.format('{"url":"https://example.com/page/%d?utm_source=letter","name":"Page %d","website":"%s","referrer":"%s"}',
      page, page, site, referrers[1 + visitor % 4])
    requests[i] = wrk.format("POST", "/v1/track", {
      ["content-type"] = "text/plain",
      ["user-agent"] = agents[1 + visitor % 300],
      ["x-forwarded-for"] = string.format("81.%d.%d.%d", visitor % 200, visitor % 251, visitor % 13),
    }, body)
  end
end

function request()
  number = number + 1
  return requests[1 + number % #requests]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %f %f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
