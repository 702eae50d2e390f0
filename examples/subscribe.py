"""Delivers changes of findings to a handler, once each, with Python's own gRPC, by reflection.

    pip install grpcio grpcio-reflection
    python examples/subscribe.py [HOST:PORT] [NAME] [COUNT]

The server keeps what was acknowledged: start it again, and it goes on where it was. What the handler
fails at is tried again later, and parked after ten times.
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

METADATA = [("x-muster-actor", "integration:example")]


class Subscriptions:
    """The unary calls of muster.v1.SubscriptionService."""

    def __init__(self, channel: grpc.Channel) -> None:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        self.channel, self.service = channel, pool.FindServiceByName("muster.v1.SubscriptionService")

    def call(self, name: str, timeout: float = 10, **fields):
        method = self.service.FindMethodByName(name)
        request = GetMessageClass(method.input_type)(**fields)
        call = self.channel.unary_unary(
            f"/{self.service.full_name}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return call(request, timeout=timeout, metadata=METADATA)


def handle(delivery) -> None:
    """Whatever is done with a change. `event_id` is the same when it comes again."""
    change = delivery.change
    kind = "state" if delivery.snapshot else "change"
    # Titles come from whoever can create a resource: repr() shows what is in them.
    print(f"{kind} {change.event_id.split(':')[1]} {change.finding_id} {change.finding.title!r}")


def verdict(delivery) -> dict:
    try:
        handle(delivery)
    except Exception as error:  # The next one may work.
        return {"ack_id": delivery.ack_id, "retry": {"reason": str(error)[:500]}}
    return {"ack_id": delivery.ack_id, "done": {}}


def main() -> None:
    server, name, count = (sys.argv[1:] + ["127.0.0.1:7443", "example", "10"][len(sys.argv) - 1 :])[:3]
    with grpc.insecure_channel(server) as channel:
        subscriptions = Subscriptions(channel)
        # A retry is safe: one that is there answers, and stays where it stands.
        subscriptions.call("CreateSubscription", id=name, config={"filter": "severity >= HIGH"})
        left = int(count)
        while left > 0:
            pulled = subscriptions.call(
                "PullChanges", timeout=65, subscription_id=name, max_deliveries=min(left, 100), wait={"seconds": 50}
            )
            if not pulled.deliveries:
                break
            acks = [verdict(delivery) for delivery in pulled.deliveries]
            results = subscriptions.call("AckChanges", subscription_id=name, acks=acks).results
            # Durable now: what was accepted does not come again.
            left -= sum(result.status == 1 for result in results)
        status = subscriptions.call("GetSubscription", id=name).subscription.status
        print(f"{status.outstanding} unsettled, ack floor {status.ack_floor} of {status.head_revision}")


if __name__ == "__main__":
    main()
