# frozen_string_literal: true

require_relative "test_helper"

class MessageTypeTest < Minitest::Test
  # As RubyConstant has them in .NET.
  {
    "Shop.Contracts:SubmitOrder" => "Shop::Contracts::SubmitOrder",
    "Shop:Outer+inner" => "Shop::Outer::Inner",
    "Order" => "Order",
    "Shop:_1st" => "Shop::T1st",
    "MassTransit:Fault[[Shop.Orders:Check]]" => "MassTransit::Fault_Shop_Orders_Check",
    "Shop:Pair[[Shop:A],[Shop:B[]]]" => "Shop::Pair_Shop_A_Shop_BArray"
  }.each do |name, constant|
    define_method("test_class_of_#{name}") { assert_equal constant, Sidekiq::MassTransit::MessageType.new(name).job_class }
  end
end
