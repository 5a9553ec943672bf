module.exports = require("../../dist/cjs/ws/index.js").WebSocket;
