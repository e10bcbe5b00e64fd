using System.Buffers;
using System.Text;
using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>Rails enqueues and runs its jobs through ActiveJob's wrapper; our contract of that kind must be one of them.</summary>
public class ActiveJobTests
{
    const string Classes = """
        ActiveJob::Base.logger = Logger.new(nil)
        ActiveJob::Base.queue_adapter = :sidekiq
        module Reports
          unless const_defined?(:Nightly)
            class Nightly < ActiveJob::Base
              def perform(for_year:, send_to:, at: nil) = $ran = [for_year, send_to, at, job_id, queue_name]
            end
          end
        end
        """;

    readonly JobContract contract = new JobContracts().For<NightlyReport>();

    [Fact]
    public async Task Rails_runs_our_job()
    {
        await using var redis = await RedisServer.Lease();
        await LoadActiveJob(redis);
        var args = new ArrayBufferWriter<byte>();
        var id = Guid.NewGuid();
        contract.WriteArgs("""{"for_year":2026,"send_to":["é",{"a":1.5}]}"""u8, args, id, "reports");
        await redis.SeedQueue(
            "reports",
            Encoding.UTF8.GetString(
                JobWriter.Write(
                    new JobDraft
                    {
                        Class = contract.WireClass,
                        Wrapped = contract.Wrapped,
                        Args = args.WrittenMemory,
                        CreatedAt = DateTimeOffset.UnixEpoch,
                    },
                    "reports",
                    JobId.From(id)
                )
            )
        );

        var ran = await Ruby.Eval(
            redis,
            "job = Sidekiq::Queue.new('reports').first; $shown = job.display_class; worker = Object.const_get(job.klass).new; "
                + "worker.jid = job.jid; worker.perform(*job.args); [$shown, *$ran]"
        );

        Assert.Equal($$"""["Reports::Nightly",2026,["é",{"a":1.5}],null,"{{id}}","reports"]""", ran.GetRawText());
    }

    [Fact]
    public async Task Job_of_Rails_is_read()
    {
        await using var redis = await RedisServer.Lease();
        await LoadActiveJob(redis);
        var at = TestClock.Today + new TimeSpan(1, 2, 3);
        await Ruby.Eval(
            redis,
            $"Reports::Nightly.set(queue: 'reports').perform_later(for_year: 2026, send_to: [:a, {{ 'b' => 1, c: 2.5 }}], at: Time.at({at.ToUnixTimeSeconds()}).utc); nil"
        );

        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("reports"))), "reports");
        var map = new JobClassMap();
        map.Add(contract);

        Assert.True(map.TryGet(job, out var found));
        Assert.Same(contract, found);
        var message = JsonElement.Parse(found.ReadArgs(job).Span);
        Assert.Equal("""{"for_year":2026,"send_to":["a",{"b":1,"c":2.5}],""", message.GetRawText()[..49]);
        Assert.Equal(at, message.GetProperty("at").GetDateTimeOffset());
    }

    [Fact]
    public async Task Rails_runs_our_positional_job_and_retries_it_in_the_queue_that_it_was_sent_to()
    {
        await using var redis = await RedisServer.Lease();
        await LoadActiveJob(redis);
        await Ruby.Eval(
            redis,
            """
            eval(<<~'RUBY', TOPLEVEL_BINDING)
              module Reports
                unless const_defined?(:Yearly)
                  class Yearly < ActiveJob::Base
                    retry_on ArgumentError, wait: 3600, attempts: 5
                    def perform(for_year, send_to, at = nil)
                      $ran = [for_year, send_to, at, executions]
                      raise ArgumentError, "again"
                    end
                  end
                end
              end
            RUBY
            nil
            """
        );
        await using var bus = await TestBus.Start(redis, TestContext.Current.TestOutputHelper!);

        await bus.Send("elsewhere", new YearlyReport(2026, ["é"]));
        var ran = await Ruby.Eval(
            redis,
            "job = Sidekiq::Queue.new('elsewhere').first; worker = Object.const_get(job.klass).new; worker.jid = job.jid; "
                + "worker.perform(*job.args); $ran"
        );

        Assert.Equal("""[2026,["é"],null,1]""", ran.GetRawText());
        var again = JsonElement.Parse(Assert.Single(await redis.ScheduledSet()).Job);
        Assert.Equal("elsewhere", again.GetProperty("queue").GetString());
    }

    [Fact]
    public async Task Positional_job_of_Rails_is_read()
    {
        await using var redis = await RedisServer.Lease();
        await LoadActiveJob(redis);
        await Ruby.Eval(
            redis,
            """
            eval(<<~'RUBY', TOPLEVEL_BINDING)
              module Reports
                Monthly = Class.new(ActiveJob::Base) { def perform(*) = nil } unless const_defined?(:Monthly)
              end
            RUBY
            Reports::Monthly.set(queue: 'reports').perform_later(2026, ['é', :b])
            nil
            """
        );

        var job = SidekiqJob.Parse(Encoding.UTF8.GetBytes(Assert.Single(await redis.Queue("reports"))), "reports");
        var message = new JobContracts().For<YearlyReport>().ReadArgs(job);

        Assert.Equal("""{"for_year":2026,"send_to":["é","b"]}""", Encoding.UTF8.GetString(message.Span));
    }

    [SidekiqJob("Reports::Yearly", Args = SidekiqArgs.ActiveJobPositional)]
    internal sealed record YearlyReport(int ForYear, string[] SendTo, string? At = null);

    static async Task LoadActiveJob(RedisDatabase redis)
    {
        var isThere = await Ruby.Eval(
            redis,
            "begin; require 'active_job'; require 'active_job/queue_adapters/sidekiq_adapter'; true; rescue LoadError; false; end"
        );
        if (!isThere.GetBoolean())
        {
            Assert.Skip("Ruby has no ActiveJob. Install it: apt-get install ruby-activejob");
        }

        await Ruby.Eval(redis, $"eval(<<~'RUBY', TOPLEVEL_BINDING)\n{Classes}\nRUBY\nnil");
    }

    [SidekiqJob("Reports::Nightly", Args = SidekiqArgs.ActiveJob)]
    internal sealed record NightlyReport(int ForYear, JsonElement SendTo, DateTimeOffset? At = null);
}
