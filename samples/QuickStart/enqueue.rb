require "sidekiq"

Sidekiq::Client.push("queue" => "payments", "class" => "Shop::OrderPaid", "args" => [{"orderId" => 42, "total" => 59.9}])
