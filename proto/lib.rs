//! The gRPC contract of Muster, generated from `proto/muster/v1`.
//!
//! Wire types only: the server converts them at its border (`server/src/api`), the client shows
//! them. The comments of the `.proto` files are the documentation, here and for other languages.

/// Version 1 of the contract.
pub mod v1 {
    #![expect(clippy::all, clippy::pedantic, reason = "generated code")]
    #![expect(clippy::allow_attributes, reason = "generated code")]
    #![expect(clippy::allow_attributes_without_reason, reason = "generated code")]
    tonic::include_proto!("muster.v1");
}

/// The descriptors of the contract, for gRPC reflection: an encoded
/// `google.protobuf.FileDescriptorSet` with its imports, without comments.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));

/// The domain of every `google.rpc.ErrorInfo` of this API.
pub const ERROR_DOMAIN: &str = "muster.v1";

/// The metadata entry that names who calls, for example `user:alice`.
pub const ACTOR_METADATA: &str = "x-muster-actor";
