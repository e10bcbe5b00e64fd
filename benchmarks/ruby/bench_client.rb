# Pushes jobs of about 600 bytes for as long as a line says ("single 1.5", "bulk 1.5"), and answers with jobs per second.
require "sidekiq"
Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)
Redis.sadd_returns_boolean = false if Redis.respond_to?(:sadd_returns_boolean=)

class BenchJob
  include Sidekiq::Worker
  sidekiq_options queue: "bench"
end

ARGUMENTS = [{ "number" => 1, "text" => "x" * Integer(ENV.fetch("TEXT_LENGTH")) }].freeze
BULK = Array.new(1000) { ARGUMENTS }

def clock
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def rate(seconds, jobs_each)
  start = clock
  jobs = 0
  while (elapsed = clock - start) < seconds
    yield
    jobs += jobs_each
  end
  jobs / elapsed
end

$stdout.sync = true
puts "ready"
while (line = $stdin.gets)
  how, seconds = line.split
  result =
    if how == "bulk"
      rate(seconds.to_f, 1000) { Sidekiq::Client.push_bulk("class" => BenchJob, "args" => BULK) }
    else
      rate(seconds.to_f, 1) { BenchJob.perform_async(*ARGUMENTS) }
    end
  puts "rate #{how} #{result}"
end
