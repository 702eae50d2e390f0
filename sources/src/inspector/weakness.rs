//! A vulnerability and the packages that have it, in one form for the native finding and its copy.

use crate::attributes::Attributes;
use crate::draft::word;

/// A CVE (or another advisory) and the packages that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weakness {
    cve: String,
    /// Sorted, without repeats: a package may be installed in several versions.
    packages: Vec<String>,
}

impl Weakness {
    /// An advisory, and packages in any order.
    pub(crate) fn new<'a>(cve: &str, packages: impl Iterator<Item = &'a str>) -> Self {
        let packages = packages.filter(|name| !name.is_empty()).map(str::to_owned);
        let mut packages: Vec<String> = packages.collect();
        packages.sort_unstable();
        packages.dedup();
        Self { cve: cve.to_owned(), packages }
    }

    /// `CVE-2023-2650|libssl3`; empty when there is no advisory.
    pub(crate) fn facet(&self) -> String {
        match (self.cve.as_str(), self.packages.join(",")) {
            ("", _) => String::new(),
            (cve, packages) if packages.is_empty() => word(cve),
            (cve, packages) => word(&format!("{cve}|{packages}")),
        }
    }

    /// Adds `cve` and a `package` for each.
    pub(crate) fn add_to(&self, attributes: &mut Attributes) {
        attributes.add("cve", &self.cve);
        for package in &self.packages {
            attributes.add("package", package);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facet_does_not_depend_on_the_order_of_packages() {
        let facet = |packages: &[&str]| Weakness::new("CVE-1", packages.iter().copied()).facet();

        assert_eq!(facet(&["openssl", "libssl3", "openssl"]), "CVE-1|libssl3,openssl");
        assert_eq!(facet(&["libssl3", "openssl"]), "CVE-1|libssl3,openssl");
        assert_eq!(facet(&[]), "CVE-1");
        assert_eq!(Weakness::new("", ["a"].into_iter()).facet(), "");
    }
}
