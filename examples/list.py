"""Lists the most urgent findings with Python's own gRPC, by reflection: no generated code.

    pip install grpcio grpcio-reflection
    python examples/list.py [HOST:PORT]
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def main() -> None:
    server = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7443"
    with grpc.insecure_channel(server) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service = pool.FindServiceByName("muster.v1.FindingsService")
        method = service.FindMethodByName("ListFindings")
        request = GetMessageClass(method.input_type)(
            filter='status = ACTIVE AND triage = NEW AND severity >= HIGH', page_size=10
        )
        list_findings = channel.unary_unary(
            "/muster.v1.FindingsService/ListFindings",
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        response = list_findings(request, timeout=10, metadata=[("x-muster-actor", "user:example")])
        for finding in response.findings:
            # Titles come from whoever can create a resource: repr() shows what is in them.
            print(f"{finding.priority.score:4} {finding.id} {finding.account_id} {finding.title!r}")
        print(f"{response.total_count} in all, at revision {response.position.revision}")
        if not response.coverage.complete:
            print(f"not all of {response.coverage.unit_count} units could be read: see `muster units`")


if __name__ == "__main__":
    main()
