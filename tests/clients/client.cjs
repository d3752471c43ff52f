// Calls a client of others: HOST_AND_PORT KEY CLIENT [constructor's arguments, method, its arguments] as JSON; prints what it gives as JSON.
const http = require("node:http");
const https = require("node:https");
const [server, key, name, call] = process.argv.slice(2);
const [hostname, port] = server.split(":");
const [site, method, ...given] = JSON.parse(call);

// plausible-api knows one host only: what it sends there goes to the server of the test.
https.request = (options, answered) => http.request({ ...options, protocol: "http:", host: hostname, hostname, port, agent: undefined, headers: { ...options.headers, host: server } }, answered);

const clients = {
  plausible: () => new (require("plausible").default)(key, site, `http://${server}`),
  "plausible-api": () => new (require("plausible-api"))(key),
};

clients[name]()[method](...given).then(
  (found) => console.log(JSON.stringify(found)),
  (error) => console.log(JSON.stringify({ error: error.message })),
);
