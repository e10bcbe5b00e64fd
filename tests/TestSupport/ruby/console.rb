# Evaluates what the tests send, one request a line: {"id":1,"url":"redis://…","code":"…"}.
# Answers "=>1 {"value":…}" or "=>1 {"error":"…"}". What the code prints goes to standard error, so that an answer stands alone.
require "json"
require "sidekiq"
require "sidekiq/api"
require "sidekiq/scheduled"
require "sidekiq/web"
require "rack/mock"

# A page of the Web UI as a browser would get it, or what it answers to a form: [status, body].
def web(method, path, form = {})
  csrf = SecureRandom.base64(32)
  env = Rack::MockRequest.env_for(
    path,
    :method => method,
    :params => (method == "POST") ? form.merge("authenticity_token" => csrf) : form,
    "rack.session" => {csrf: csrf}
  )
  status, _, body = Sidekiq::Web.call(env)
  [status, body.each.to_a.join]
end

answers = $stdout.dup
answers.sync = true
$stdout.reopen($stderr)
pools = Hash.new { |all, url| all[url] = Sidekiq::RedisConnection.create(url: url) }

while (line = $stdin.gets)
  request = JSON.parse(line)
  answer =
    begin
      Sidekiq.redis = pools[request["url"]]
      {value: Object.new.instance_eval(request["code"])}
    rescue Exception => e # a syntax error in the code is an answer as well
      {error: "#{e.class}: #{e.message}\n#{e.backtrace.first(8).join("\n")}"}
    end
  answers.puts("=>#{request["id"]} #{JSON.generate(answer)}")
end
