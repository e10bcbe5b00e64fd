# Job classes of the tests. Each leaves its trace in Redis, so that a test sees what Ruby saw.
require "json"
require "sidekiq"

class OkJob
  include Sidekiq::Worker

  def perform(*args)
    Sidekiq.redis { |redis| redis.rpush("ran", JSON.generate([self.class.name, jid, args])) }
  end
end

class FailJob
  include Sidekiq::Worker
  sidekiq_options retry: 3, backtrace: 5
  # Not while a test looks at it.
  sidekiq_retry_in { 3600 }

  def perform(message = "failed as asked")
    raise ArgumentError, message
  end
end

# Takes a whole number, and nothing else.
class PickyJob
  include Sidekiq::Worker
  sidekiq_options retry: 3
  # Not while a test looks at it.
  sidekiq_retry_in { 3600 }

  def perform(count)
    raise ArgumentError, "not a number" unless count.is_a?(Integer)

    Sidekiq.redis { |redis| redis.rpush("ran", JSON.generate([self.class.name, jid, [count]])) }
  end
end
