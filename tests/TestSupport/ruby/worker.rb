# Loads the job classes of a test into a Sidekiq process, and says when it is about to take jobs:
# without a terminal Sidekiq does not say so itself.
Redis.silence_deprecations = true
Redis.sadd_returns_boolean = false

require ENV.fetch("TEST_JOBS")

Sidekiq.configure_server do |config|
  config.on(:startup) { Sidekiq.logger.info("taking jobs") }
end
