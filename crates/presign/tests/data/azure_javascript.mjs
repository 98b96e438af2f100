// Writes shared access signatures made by @azure/storage-blob, Microsoft's SDK, as test vectors.
//
//     npm install @azure/storage-blob@12.32.0
//     node azure_javascript.mjs azure_python.json > azure_javascript.json
//
// It signs the requests of the file given, each in another version of the service: unlike
// the SDK for Python, this one knows the string to sign of every version. What it does not
// know is left out: unauthorized agents, and request headers and query parameters of a user
// delegation SAS before 2026-04-06.

import { readFileSync } from "node:fs";
import {
  BlobSASPermissions, ContainerSASPermissions, StorageSharedKeyCredential, generateBlobSASQueryParameters,
} from "@azure/storage-blob";

const SERVICE_VERSIONS = ["2020-12-06", "2022-11-02", "2025-07-05", "2026-04-06"];
const DELEGATION_VERSIONS = ["2020-12-06", "2024-05-04", "2025-07-05", "2026-02-06", "2026-04-06"];
const SELECTORS = ["comp", "restype", "blockid", "blocklisttype"];
const OVERRIDES = { rscc: "cacheControl", rscd: "contentDisposition", rsce: "contentEncoding",
                    rscl: "contentLanguage", rsct: "contentType" };

function vector(asked, index) {
  const { account, container, blob, delegation, secret, terms } = asked;
  const versions = delegation ? DELEGATION_VERSIONS : SERVICE_VERSIONS;
  const version = versions[(index >> 1) % versions.length];
  const binds = delegation && version >= "2026-04-06";
  const headers = binds ? asked.headers : [];
  const query = asked.query.filter(([name]) =>
    binds || name in OVERRIDES || ["snapshot", "versionid", ...SELECTORS].includes(name));
  const others = query.filter(([name]) => !(name in OVERRIDES) && name !== "snapshot" && name !== "versionid");
  const [url, token] = asked.url.split("?");
  const permissions = new URLSearchParams(token).get("sp");
  const { unauthorized_agent, ...known } = terms;
  const find = (name) => query.find(([other]) => other === name)?.[1];
  const [start, end] = (known.addresses ?? "").split("-");
  const values = {
    containerName: container, blobName: blob ?? undefined, version,
    permissions: (blob ? BlobSASPermissions : ContainerSASPermissions).parse(permissions),
    startsOn: new Date(asked.at * 1000), expiresOn: new Date((asked.at + asked.ttl) * 1000),
    protocol: url.startsWith("https:") ? "https" : "https,http",
    ipRange: start ? { start, end } : undefined, identifier: known.policy,
    correlationId: known.correlation_id, preauthorizedAgentObjectId: known.authorized_agent,
    snapshotTime: find("snapshot"), versionId: find("versionid"),
    ...Object.fromEntries(Object.entries(OVERRIDES).map(([name, key]) => [key, find(name)])),
    ...(headers.length ? { requestHeaders: Object.fromEntries(headers) } : {}),
    ...(binds && others.length ? { requestQueryParameters: Object.fromEntries(others) } : {}),
  };
  const sas = delegation
    ? generateBlobSASQueryParameters(values, {
        signedObjectId: delegation.object_id, signedTenantId: delegation.tenant_id,
        signedStartsOn: new Date(delegation.start), signedExpiresOn: new Date(delegation.expiry),
        signedService: delegation.service, signedVersion: delegation.version, value: secret,
      }, account)
    : generateBlobSASQueryParameters(values, new StorageSharedKeyCredential(account, secret));
  const own = query.filter(([name]) => !(name in OVERRIDES))
    .map((pair) => pair.map(encodeURIComponent).join("="));
  return {
    ...asked, version, headers, query, terms: known,
    url: `${url}?${[...own, sas.toString()].join("&")}`, string_to_sign: null,
  };
}

const vectors = JSON.parse(readFileSync(process.argv[2], "utf8")).map(vector);
console.log(`[\n${vectors.map((one) => JSON.stringify(one)).join(",\n")}\n]`);
