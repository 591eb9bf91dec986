#include "archive/acl.hpp"

#include "archive_support.hpp"

namespace snapshotter::archive::test {

TEST_CASE("an ACL of the kernel is parsed and printed") {
  const std::string xattr(
      "\x02\0\0\0"
      "\x01\0\x07\0\xff\xff\xff\xff"
      "\x02\0\x05\0\xe8\x03\0\0"
      "\x04\0\x04\0\xff\xff\xff\xff"
      "\x08\0\x02\0\x01\0\x01\0"
      "\x10\0\x07\0\xff\xff\xff\xff"
      "\x20\0\0\0\xff\xff\xff\xff",
      52);
  const auto acl = parse_acl(xattr);
  REQUIRE(acl);
  CHECK(to_text(*acl) == "user::rwx,user:1000:r-x,group::r--,group:65537:-w-,mask::rwx,other::---");
  CHECK(to_xattr(*acl) == xattr);
}

TEST_CASE("what is not an ACL is not taken for one") {
  const std::string empty("\x02\0\0\0", 4);
  CHECK(parse_acl(empty)->empty());
  CHECK_FALSE(parse_acl(""));
  CHECK_FALSE(parse_acl("abc"));
  CHECK_FALSE(parse_acl(std::string("\x03\0\0\0", 4)));
  CHECK_FALSE(parse_acl(empty + "1234567"));
  CHECK_FALSE(parse_acl(empty + std::string("\x03\0\x07\0\xff\xff\xff\xff", 8)));
  CHECK_FALSE(parse_acl(empty + std::string("\x01\0\x08\0\xff\xff\xff\xff", 8)));
}

}  // namespace snapshotter::archive::test
