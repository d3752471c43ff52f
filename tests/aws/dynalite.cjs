// A second emulator of DynamoDB on a free port of the loopback address, which it says. It knows no transactions, but counts units as AWS does.
const dynalite = require("dynalite");

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
