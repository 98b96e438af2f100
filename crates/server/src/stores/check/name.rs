//! What is probed, by name and in the order in which it is told.

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What is probed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Name {
            $($(#[$doc])* $name,)*
        }

        impl Name {
            /// All of them, in order.
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name as it stands in a report. Never renamed.
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

names! {
    /// The store answers at all.
    Reach "reach";
    /// It is spoken to behind TLS, with a certificate that is good.
    Tls "tls";
    /// The clocks of store and server agree.
    Clock "clock";
    /// The container is where it is said to be.
    Region "region";
    /// The container exists.
    Container "container";
    /// The store knows the credential.
    Credential "credential";
    /// The credential lives long enough for long uploads.
    Life "life";
    /// An object is written.
    Put "put";
    /// It is read.
    Get "get";
    /// It is looked at.
    Head "head";
    /// A range of it is read.
    Range "range";
    /// It has a tag.
    Etag "etag";
    /// A browser saves it, instead of showing what somebody wrote as a page of the bucket's host.
    Saved "saved";
    /// That an object is not there can be told.
    Absent "absent";
    /// It is deleted.
    Delete "delete";
    /// It is written only where nothing is yet.
    WritesOnce "writes-once";
    /// Other bytes than those of the bound SHA-256 are refused.
    BindsSha256 "binds.sha256";
    /// A body of another length than the bound one is refused.
    BindsLength "binds.length";
    /// An upload in parts is begun.
    MultipartCreate "multipart.create";
    /// A part is sent.
    MultipartPart "multipart.part";
    /// Parts are listed.
    MultipartList "multipart.list";
    /// They are put together.
    MultipartComplete "multipart.complete";
    /// They are dropped.
    MultipartAbort "multipart.abort";
    /// Other bytes than those of a part's bound SHA-256 are refused.
    BindsPartSha256 "binds.part-sha256";
    /// Another URL's signature.
    RefusesChangedSignature "refuses.changed-signature";
    /// A parameter that says something else.
    RefusesChangedParameter "refuses.changed-parameter";
    /// A parameter that was not signed.
    RefusesAddedParameter "refuses.added-parameter";
    /// A longer life.
    RefusesLongerLife "refuses.longer-life";
    /// A URL whose time is over.
    RefusesExpired "refuses.expired";
    /// Another object.
    RefusesOtherKey "refuses.other-key";
    /// Another secret.
    RefusesOtherSecret "refuses.other-secret";
    /// No signature at all.
    RefusesUnsigned "refuses.unsigned";
    /// Reading by a URL that writes.
    RefusesGetByPutUrl "refuses.get-by-put-url";
    /// Writing by a URL that reads.
    RefusesPutByGetUrl "refuses.put-by-get-url";
    /// Deleting by a URL that reads.
    RefusesDeleteByGetUrl "refuses.delete-by-get-url";
    /// Deleting by a URL that writes.
    RefusesDeleteByPutUrl "refuses.delete-by-put-url";
    /// The store keeps a team's credential in the team's root.
    Isolation "isolation";
    /// The store holds a URL to the network that it is for.
    Network "network";
    /// What the bucket's policy holds URLs to is known.
    BucketPolicy "bucket-policy";
    /// The store's other addresses take their URLs.
    Addresses "addresses";
    /// Pages may read.
    CorsGet "cors.get";
    /// Pages may look.
    CorsHead "cors.head";
    /// Pages may write.
    CorsPut "cors.put";
    /// Pages may see an object's tag.
    CorsEtag "cors.etag";
    /// Pages may see an object's checksum.
    CorsChecksum "cors.checksum";
    /// What the check wrote is deleted.
    Tidy "tidy";
}

impl Name {
    /// Whether transfers by Signet's own client, or their safety, hang on it: browsers do not count.
    pub(super) fn is_essential(self) -> bool {
        !matches!(
            self,
            Self::CorsGet | Self::CorsHead | Self::CorsPut | Self::CorsEtag | Self::CorsChecksum
        )
    }
}
