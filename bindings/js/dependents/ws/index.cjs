module.exports = require("../../dist/cjs/ws/index.cjs");
