'use strict';

const { version, dependencies } = require('./package.json');
const { addKey, authentication } = require('./authentication');

module.exports = {
  version,
  platformVersion: dependencies['zapier-platform-core'],
  authentication,
  beforeRequest: [addKey],
  triggers: require('./triggers'),
  creates: require('./creates'),
};
