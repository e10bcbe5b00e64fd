# frozen_string_literal: true

require "fileutils"
require "minitest/autorun"
require "securerandom"
require "tmpdir"
require "sidekiq"
require "sidekiq/api"
require "sidekiq/scheduled"
require "sidekiq-masstransit"

Redis.silence_deprecations = true if defined?(Redis) && Redis.respond_to?(:silence_deprecations=)
Redis.sadd_returns_boolean = false if defined?(Redis) && Redis.respond_to?(:sadd_returns_boolean=)
Sidekiq.logger.level = Logger::WARN

# A Redis of these tests alone, behind a socket in a folder that goes with it. It ends by itself where they are killed.
module OwnRedis
  FOLDER = Dir.mktmpdir("sidekiq-masstransit")
  SOCKET = "#{FOLDER}/redis.sock"
  PID = spawn(
    "timeout", "300", "redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "", "--appendonly", "no", "--dir", FOLDER,
    out: "#{FOLDER}/redis.log"
  )

  def self.url
    "unix://#{SOCKET}"
  end

  Minitest.after_run do
    Process.kill(:TERM, PID)
    Process.wait(PID)
    FileUtils.rm_rf(FOLDER)
  end
end

module Eventually
  # Waits for what another process does.
  def self.until(what, seconds = 30)
    last = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    until (value = yield)
      raise "It did not happen within #{seconds} s: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > last

      IO.select(nil, nil, nil, 0.005)
    end
    value
  end
end

Eventually.until("Redis listens") { File.socket?(OwnRedis::SOCKET) }
Sidekiq.configure_client { |config| config.redis = {url: OwnRedis.url} }
Sidekiq::MassTransit.configure

# A test with an empty database.
class RedisTest < Minitest::Test
  MT = Sidekiq::MassTransit

  def setup
    call("FLUSHDB")
  end

  def call(*command)
    Sidekiq.redis { |client| client.call(*command) }
  end

  def queue(name)
    call("LRANGE", "queue:#{name}", 0, -1).map { |job| JSON.parse(job) }
  end

  def subscribe(topic, field, job_class = "")
    call("HSET", "mt:topic:#{topic}", field, job_class)
  end
end
