//! The XML that Azure Blob Storage speaks.

use serde::{Deserialize, Serialize};

/// A block of a blob.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Block {
    /// Its id, in base64.
    pub(super) name: String,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// Reads the uncommitted blocks of [Get Block List]'s answer.
///
/// [Get Block List]: https://learn.microsoft.com/rest/api/storageservices/get-block-list
pub(super) fn uncommitted(body: &[u8]) -> Option<Vec<Block>> {
    #[derive(Deserialize)]
    #[serde(rename = "BlockList", rename_all = "PascalCase")]
    struct BlockList {
        #[serde(default)]
        uncommitted_blocks: Blocks,
    }
    #[derive(Default, Deserialize)]
    struct Blocks {
        #[serde(default, rename = "Block")]
        blocks: Vec<Block>,
    }
    let text = std::str::from_utf8(body).ok()?;
    // The service begins with a byte order mark
    let text = text.trim_start_matches('\u{feff}');
    if !text.contains("<BlockList") {
        return None;
    }
    let list: BlockList = quick_xml::de::from_str(text).ok()?;
    Some(list.uncommitted_blocks.blocks)
}

/// The body of [Put Block List]. Asked for the latest of each block, the service takes the same list
/// again when its first answer was lost; the ids are one upload's, so none is another's.
///
/// [Put Block List]: https://learn.microsoft.com/rest/api/storageservices/put-block-list
pub(super) fn block_list<'a>(ids: impl Iterator<Item = &'a str>) -> Option<String> {
    #[derive(Serialize)]
    #[serde(rename = "BlockList")]
    struct BlockList<'a> {
        #[serde(rename = "Latest")]
        blocks: Vec<&'a str>,
    }
    quick_xml::se::to_string(&BlockList {
        blocks: ids.collect(),
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncommitted_blocks_are_read() {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\
            <CommittedBlocks><Block><Name>AAAA</Name><Size>9</Size></Block></CommittedBlocks>\
            <UncommittedBlocks><Block><Name>BBBB</Name><Size>5</Size></Block>\
            <Block><Name>CCCC</Name><Size>6</Size></Block></UncommittedBlocks></BlockList>";
        let blocks = uncommitted(body.as_bytes()).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[1].name, "CCCC");
        assert_eq!(blocks[1].size, 6);
        assert_eq!(uncommitted(b"<BlockList></BlockList>"), Some(Vec::new()));
        let none = b"<BlockList><UncommittedBlocks/></BlockList>";
        assert_eq!(uncommitted(none), Some(Vec::new()));
        assert_eq!(uncommitted(b"<html/>"), None);
    }

    #[test]
    fn a_list_of_blocks_is_written_in_order() {
        assert_eq!(
            block_list(["QQ==", "Qg=="].into_iter()).unwrap(),
            "<BlockList><Latest>QQ==</Latest><Latest>Qg==</Latest></BlockList>"
        );
        assert!(
            block_list(std::iter::empty())
                .unwrap()
                .contains("BlockList")
        );
    }
}
