// Jest loads CommonJS, so that what is written as ES modules is compiled: the tests and this package.
module.exports = {
  transform: { '^.+\\.[cm]?[jt]s$': '@swc/jest' },
  transformIgnorePatterns: ['/node_modules/(?!@gary-zero/performance/)'],
};
