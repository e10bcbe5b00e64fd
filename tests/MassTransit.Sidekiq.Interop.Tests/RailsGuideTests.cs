using System.Text.Json;

namespace MassTransit.Sidekiq.Interop.Tests;

/// <summary>The messages of docs/ruby-interop.md that Rails runs or enqueues, with real ActiveJob and ActionMailer.</summary>
public sealed class RailsGuideTests(ITestOutputHelper output)
{
    const string Classes = """
        ActiveJob::Base.logger = Logger.new(nil)
        ActiveJob::Base.queue_adapter = :sidekiq
        GlobalID.app = "shop"
        Time.zone = "Berlin"
        unless Object.const_defined?(:Customer)
          Customer = Struct.new(:id) { include GlobalID::Identification; def self.find(id) = new(id) }
        end
        """;

    const string PushWithContext = """
        require "sidekiq/middleware/current_attributes"
        require "sidekiq/middleware/i18n"
        # Which it adds for all that this Ruby pushes.
        Sidekiq.client_middleware.remove(Sidekiq::Middleware::I18n::Client)
        eval(<<~'RUBY', TOPLEVEL_BINDING)
          I18n.available_locales = [:en, :de]
          unless Object.const_defined?(:Current)
            class Current < ActiveSupport::CurrentAttributes
              attribute :user_id
            end
          end
        RUBY
        job = { "class" => "Shop::Placed", "queue" => "placed", "args" => [{ "id" => 7 }] }
        Current.set(user_id: 42) do
          I18n.with_locale(:de) do
            Sidekiq::CurrentAttributes::Save.new(Current).call(nil, job, nil, nil) do
              Sidekiq::Middleware::I18n::Client.new.call(nil, job, nil, nil) { Sidekiq::Client.push(job) }
            end
          end
        end
        nil
        """;

    [SidekiqJob("Reports::Export", Args = SidekiqArgs.ActiveJob)]
    internal sealed record Export(
        [RubyType(RubyType.GlobalId)] string Customer,
        [RubyType(RubyType.Symbol)] string Format,
        DateOnly From,
        DateTimeOffset DueAt,
        TimeSpan Timeout
    );

    [SidekiqMail("UserMailer", "welcome")]
    internal sealed record WelcomeMail([RubyType(RubyType.GlobalId)] string User, string Coupon);

    static readonly DateOnly today = DateOnly.FromDateTime(TestClock.Today.UtcDateTime);

    [Fact]
    public async Task Rails_gets_each_value_in_the_Ruby_type_of_its_property()
    {
        await using var redis = await RedisServer.Lease();
        await Load(redis);
        var at = TestClock.Today + new TimeSpan(1, 2, 3);
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("reports", new Export("gid://shop/Customer/42", "csv", today, at, TimeSpan.FromMinutes(5)));
        var ran = await Run(redis, "reports");

        Assert.Equal(
            $$"""[["Customer","42"],["Symbol","csv"],["Date","{{today:yyyy-MM-dd}}"],["Time",{{at.ToUnixTimeSeconds()}}],["ActiveSupport::Duration",300]]""",
            ran.GetRawText()
        );
    }

    [Fact]
    public async Task Message_has_the_values_that_Rails_enqueued()
    {
        await using var redis = await RedisServer.Lease();
        await Load(redis);
        var inbox = new Inbox<Export>();
        var at = TestClock.Today + new TimeSpan(1, 2, 3);
        await Ruby.Eval(
            redis,
            $"Reports::Export.set(queue: 'exports').perform_later(customer: Customer.new('42'), format: :csv, from: Date.parse('{today:yyyy-MM-dd}'), due_at: Time.at({at.ToUnixTimeSeconds()}).in_time_zone, timeout: 5.minutes); nil"
        );

        await using var bus = await Consume(redis, inbox);
        var received = await inbox.Next();

        Assert.Equal(new Export("gid://shop/Customer/42", "csv", today, at, TimeSpan.FromMinutes(5)), received.Message);
        Assert.Equal(0, received.GetJob().ActiveJob!.Executions);
    }

    [Fact]
    public async Task Job_that_retry_on_enqueued_again_tells_a_consumer_of_its_runs_in_Rails()
    {
        await using var redis = await RedisServer.Lease();
        await Load(redis);
        await Ruby.Eval(redis, "$fails = true; nil");
        var sent = new Export("gid://shop/Customer/42", "csv", today, TestClock.Today, TimeSpan.Zero);
        string? jid;
        await using (var sender = await TestBus.Start(redis, output))
        {
            await sender.Send("exports", sent);
            jid = JsonElement.Parse(Assert.Single(await redis.Queue("exports"))).GetProperty("jid").GetString();
        }

        await Run(redis, "exports");
        await redis.Db.KeyDeleteAsync("queue:exports");
        var inbox = new Inbox<Export>();
        await using var bus = await Consume(redis, inbox);
        var received = await inbox.Next();

        var job = received.GetJob();
        Assert.Equal(sent, received.Message);
        Assert.Equal(1, job.ActiveJob!.Executions);
        Assert.Equal(1, job.ActiveJob.ExceptionExecutions["[Timeout::Error]"]);
        Assert.NotEqual(jid, job.Jid);
    }

    [Fact]
    public async Task Rails_delivers_the_mail_of_a_message()
    {
        await using var redis = await RedisServer.Lease();
        await Load(redis, "action_mailer", "ruby-actionmailer");
        await Ruby.Eval(
            redis,
            """
            eval(<<~'RUBY', TOPLEVEL_BINDING)
              ActionMailer::Base.delivery_method = :test
              ActionMailer::Base.logger = nil
              require "action_mailer/mail_delivery_job"
              unless Object.const_defined?(:UserMailer)
                class UserMailer < ActionMailer::Base
                  def welcome
                    mail(from: "shop@example.com", to: "#{params[:user].id}@example.com", subject: params[:coupon], body: "Welcome", content_type: "text/plain")
                  end
                end
              end
            RUBY
            nil
            """
        );
        await using var bus = await TestBus.Start(redis, output);

        await bus.Send("mailers", new WelcomeMail("gid://shop/Customer/42", "TEN"));
        await Run(redis, "mailers");

        var mail = await Ruby.Eval(
            redis,
            "mail = ActionMailer::Base.deliveries.last; [mail.to, mail.subject, mail.body.to_s]"
        );
        Assert.Equal("""[["42@example.com"],"TEN","Welcome"]""", mail.GetRawText());
    }

    [Fact]
    public async Task Attributes_and_locale_of_Ruby_go_through_a_consumer_back_to_Ruby()
    {
        await using var redis = await RedisServer.Lease();
        await Load(redis);
        await Ruby.Eval(redis, PushWithContext);

        await using var bus = await TestBus.Start(
            redis,
            output,
            configure: (_, cfg) =>
            {
                cfg.PassOnJobContext();
                cfg.ReceiveEndpoint(
                    "placed",
                    e =>
                        e.Handler<Placed>(context =>
                        {
                            var user = context.GetJob().CurrentAttributes["user_id"].GetInt64();
                            return context.Send(new Uri("queue:ship"), new Ship(context.Message.Id, user));
                        })
                );
            }
        );
        await redis.Until(async state => (await state.Queue("ship")).Length == 1);
        var seen = await Ruby.Eval(
            redis,
            """
            job = Sidekiq::Queue.new("ship").first.item
            seen = nil
            Sidekiq::CurrentAttributes::Load.new(Current).call(nil, job, nil) do
              Sidekiq::Middleware::I18n::Server.new.call(nil, job, nil) { seen = [Current.user_id, I18n.locale, job["args"][0]["user"]] }
            end
            seen
            """
        );

        Assert.Equal("""[42,"de",42]""", seen.GetRawText());
    }

    [SidekiqJob("Shop::Placed")]
    internal sealed record Placed(int Id);

    internal sealed record Ship(int Id, long User);

    Task<TestBus> Consume(RedisDatabase redis, Inbox<Export> inbox) =>
        TestBus.Start(
            redis,
            output,
            configure: (_, cfg) => cfg.ReceiveEndpoint("exports", e => e.Handler<Export>(inbox.Receive))
        );

    static Task<JsonElement> Run(RedisDatabase redis, string queue) =>
        Ruby.Eval(
            redis,
            $"$ran = nil; job = Sidekiq::Queue.new('{queue}').first; worker = Object.const_get(job.klass).new; worker.jid = job.jid; worker.perform(*job.args); $ran"
        );

    static async Task Load(RedisDatabase redis, string library = "active_job", string package = "ruby-activejob")
    {
        var isThere = await Ruby.Eval(
            redis,
            $"begin; require 'active_job'; require 'active_job/queue_adapters/sidekiq_adapter'; require '{library}'; true; rescue LoadError; false; end"
        );
        if (!isThere.GetBoolean())
        {
            Assert.Skip($"Ruby has no {library}. Install it: apt-get install {package}");
        }

        await Ruby.Eval(
            redis,
            $"eval(<<~'RUBY', TOPLEVEL_BINDING)\n{Classes}\n{RubyGuideTests.Rails}\nRUBY\n$fails = false; nil"
        );
    }
}
