// The emulator of Kinesis on a free port of the loopback address, which it says; of its own it listens on fixed ports of every address.
// Run in the emulator's own folder, where its certificate is.
const { Server } = require("node:net");

const TLS = "1";
Object.assign(process.env, { KINESIS_MOCK_PLAIN_PORT: "0", KINESIS_MOCK_TLS_PORT: TLS, LOG_LEVEL: "ERROR" });
for (const act of ["CREATE_STREAM", "DELETE_STREAM", "MERGE_SHARDS", "SPLIT_SHARD", "UPDATE_SHARD_COUNT"]) process.env[`${act}_DURATION`] = "1ms";

const { listen } = Server.prototype;
Server.prototype.listen = function (port, listening) {
  return listen.call(this, 0, "127.0.0.1", () => {
    if (String(port) !== TLS) console.log(`http://127.0.0.1:${this.address().port}`);
    listening();
  });
};

require(`${process.cwd()}/main.js`);
