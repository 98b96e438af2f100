//! The OpenAPI document, made from the handlers, and the operations in it.

use super::routes;
use http::Method;
use std::collections::HashMap;
use std::sync::OnceLock;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
};

/// What a request is counted as that meets no route.
pub(super) const OTHER_OPERATION: &str = "none";
/// The tag of operations that anybody may ask for.
const OPEN_TAG: &str = "process";

/// The contract of the API.
pub fn document() -> OpenApi {
    let mut document = routes().into_openapi();
    let components = document.components.take().unwrap_or_default();
    let components = ComponentsBuilder::from(components)
        .schema_from::<protocol::Problem>()
        .schema_from::<protocol::ErrorCode>()
        .security_scheme("bearer", scheme(HttpAuthScheme::Bearer, "an API token"))
        .security_scheme(
            "basic",
            scheme(
                HttpAuthScheme::Basic,
                "any user name, and an API token as password",
            ),
        )
        .build();
    for operation in operations_mut(&mut document) {
        finish(operation);
    }
    OpenApiBuilder::from(document)
        .info(
            Info::builder()
                .title("Signet")
                .description(Some(
                    "Signed URLs for a team's own bucket: decided, recorded, released.",
                ))
                .version(env!("CARGO_PKG_VERSION"))
                .build(),
        )
        .components(Some(components))
        .build()
}

fn scheme(kind: HttpAuthScheme, description: &str) -> SecurityScheme {
    SecurityScheme::Http(
        Http::builder()
            .scheme(kind)
            .description(Some(description))
            .build(),
    )
}

/// Adds what all operations share: the form of errors, and who may ask.
fn finish(operation: &mut Operation) {
    let problem = ResponseBuilder::new()
        .description("What went wrong, and the way out")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), problem.into());
    let tags = operation.tags.get_or_insert_default();
    if !tags.iter().any(|tag| tag == OPEN_TAG) {
        operation.security = Some(vec![
            SecurityRequirement::new::<_, _, String>("bearer", []),
            SecurityRequirement::new::<_, _, String>("basic", []),
        ]);
    }
}

/// The name of the operation that a method does on a route's template.
pub(super) fn operation_of(method: &Method, template: &str) -> &'static str {
    static OPERATIONS: OnceLock<HashMap<&'static str, Vec<(Method, &'static str)>>> =
        OnceLock::new();
    OPERATIONS
        .get_or_init(operation_names)
        .get(template)
        .and_then(|methods| methods.iter().find(|(known, _)| known == method))
        .map_or(OTHER_OPERATION, |(_, name)| name)
}

/// Made once a process; the names live as long as it.
fn operation_names() -> HashMap<&'static str, Vec<(Method, &'static str)>> {
    let mut names: HashMap<&'static str, Vec<(Method, &'static str)>> = HashMap::new();
    for (template, item) in routes().into_openapi().paths.paths {
        for (method, operation) in [
            (Method::GET, item.get),
            (Method::PUT, item.put),
            (Method::POST, item.post),
            (Method::DELETE, item.delete),
            (Method::PATCH, item.patch),
        ] {
            if let Some(name) = operation.and_then(|operation| operation.operation_id) {
                let template: &'static str = String::leak(template.clone());
                names
                    .entry(template)
                    .or_default()
                    .push((method, String::leak(name)));
            }
        }
    }
    names
}

fn operations_mut(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(|item| {
        [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ]
        .into_iter()
        .filter_map(Option::as_mut)
    })
}
