# The job that does nothing, or waits for JOB_SECONDS, for `sidekiq -r`. Warnings only: the log of starts and ends costs Ruby a tenth of its speed.
Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)
Redis.sadd_returns_boolean = false if Redis.respond_to?(:sadd_returns_boolean=)

JOB_SECONDS = Float(ENV.fetch("JOB_SECONDS", "0"))

class BenchJob
  include Sidekiq::Worker

  def perform(_order)
    sleep JOB_SECONDS if JOB_SECONDS > 0
  end
end

Sidekiq.configure_server do |config|
  config.logger.level = Logger::WARN
  config.on(:startup) { config.logger.warn("taking jobs") }
end
