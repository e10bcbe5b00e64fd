# frozen_string_literal: true

require_relative "test_helper"

# Sidekiq 7 has none any more.
if Sidekiq::VERSION < "7"
  class NamespaceTest < RedisTest
    def setup
      super
      @pool = Sidekiq.redis_pool
      Sidekiq.redis = {url: OwnRedis.url, namespace: "shop"}
    end

    def teardown
      Sidekiq.redis = @pool
    end

    def test_every_key_has_the_namespace_and_nothing_else
      Sidekiq.redis { |redis| redis.hset("mt:topic:Shop:Order", "orders", "") }
      Sidekiq.redis { |redis| redis.set("mt:temporary:reply", 1) }

      MT.publish "Shop:Order", {}
      MT.publish_in 60, "Shop:Order", {}
      MT.respond({"mt" => {"res" => "/answers"}}, "Shop:A", {})
      MT.cancel "a1"

      @pool.with do |redis|
        assert_equal ["orders", "answers"].sort, redis.smembers("shop:queues").sort
        assert_equal "orders", JSON.parse(redis.lindex("shop:queue:orders", 0))["queue"]
        assert_equal 1, redis.zcard("shop:schedule")
        assert_equal [], redis.keys("*").grep_v(/\Ashop:/)
      end
      assert MT.cancelled?("a1")
    end
  end
end
