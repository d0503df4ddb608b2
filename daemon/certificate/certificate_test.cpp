// SPDX-License-Identifier: MIT
#include "certificate/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "certificate/keys_for_tests.h"
#include "certificate/recorded_session.h"
#include "certificate/verify.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

const std::vector<Session>& two_sessions() {
  static const std::vector<Session> sessions{recorded_session({}),
                                             recorded_session({.paging = Paging::kShadow, .seed = 2})};
  return sessions;
}

std::string unsigned_certificate() { return certificate(certificate_content(two_sessions()), std::nullopt); }

std::string signed_certificate() {
  const std::string content = certificate_content(two_sessions());
  const auto signature = sign(content, kPrivatePem, "key");
  EXPECT_TRUE(signature) << signature.error().message();
  return certificate(content, *signature);
}

std::string refuted_in(const Verification& verification) {
  std::string text;
  for (const Refutation& each : verification.refuted) text += each.path + " " + each.what + "\n";
  return text;
}

TEST(Canonical, SortsByBytesAndLeavesNoBlanks) {
  const Json json = Json::parse(R"({"b":[1, -2,true ,null],"a":{"Z":1,"z":2,"é":3,"A":4}})");
  EXPECT_EQ(canonical(json), R"({"a":{"A":4,"Z":1,"z":2,"é":3},"b":[1,-2,true,null]})");
}

TEST(Canonical, WritesWholeNumbersInFull) {
  EXPECT_EQ(canonical(Json::parse("[18446744073709551615,-9223372036854775808,9007199254740993]")),
            "[18446744073709551615,-9223372036854775808,9007199254740993]");
}

// RFC 8785, 3.2.2.2.
TEST(Canonical, EscapesWhatMustBeAndNothingElse) {
  const Json json = std::string("\b\t\n\f\r\"\\/\x01\x1f\x7f€");
  EXPECT_EQ(canonical(json), "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\x7f€\"");
}

TEST(Canonical, ReplacesBytesThatAreNoText) {
  EXPECT_EQ(canonical(Json(std::string("a\xff") + "b")),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Signed, IsThatOfRfc8032) {
  const auto signature = sign("", kPrivatePem, "key");
  ASSERT_TRUE(signature) << signature.error().message();
  EXPECT_EQ(signature->public_key, kPublicHex);
  EXPECT_EQ(signature->value, kSignatureHex);
  EXPECT_EQ(public_key_of(kPublicPem, "key").value(), kPublicHex);
  EXPECT_TRUE(is_signature_of({kPublicHex, kSignatureHex}, "").value());
  EXPECT_FALSE(is_signature_of({kPublicHex, kSignatureHex}, "x").value());
  EXPECT_FALSE(is_signature_of({kOtherPublicHex, kSignatureHex}, "").value());
}

TEST(Signed, SaysWhatIsNoKey) {
  EXPECT_THAT(sign("", "nonsense", "k.pem").error().message(), HasSubstr("read the private key k.pem"));
  EXPECT_THAT(sign("", kPublicPem, "k.pem").error().message(), HasSubstr("read the private key k.pem"));
  EXPECT_THAT(public_key_of(kPrivatePem, "k.pem").error().message(), HasSubstr("read the public key k.pem"));
  const std::string p256 =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
      "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_THAT(public_key_of(p256, "k.pem").error().message(), HasSubstr("not an Ed25519 key"));
  EXPECT_THAT(is_signature_of({kPublicHex, "12"}, "").error().message(), HasSubstr("128 hex digits"));
  EXPECT_THAT(is_signature_of({kPublicHex + "0", kSignatureHex}, "").error().message(), HasSubstr("64 hex digits"));
}

TEST(Certificate, IsCanonicalItself) {
  const std::string text = signed_certificate();
  EXPECT_EQ(canonical(Json::parse(text)), text);
  EXPECT_EQ(unsigned_certificate(), unsigned_certificate()) << "equal sessions, equal certificates";
}

TEST(Certificate, HoldsAsItWasMade) {
  for (const std::string& text : {unsigned_certificate(), signed_certificate(), signed_certificate() + "\n"}) {
    const auto verification = verify(text, std::nullopt);
    ASSERT_TRUE(verification) << verification.error().message();
    EXPECT_EQ(refuted_in(*verification), "");
    EXPECT_EQ(verification->sessions.size(), 2U);
  }
  EXPECT_EQ(verify(signed_certificate(), kPublicHex)->signer, kPublicHex);
  EXPECT_EQ(verify(unsigned_certificate(), std::nullopt)->signer, std::nullopt);
}

TEST(Certificate, OfAnotherKeyOrNoneIsRefusedWhereAKeyIsDemanded) {
  EXPECT_THAT(refuted_in(*verify(signed_certificate(), kOtherPublicHex)), HasSubstr("signature.public_key is d75a98"));
  EXPECT_THAT(refuted_in(*verify(unsigned_certificate(), kPublicHex)), HasSubstr("signature there is none"));
}

TEST(Certificate, NamesWhatWasChanged) {
  std::string text = signed_certificate();
  const auto at = text.find("\"ebpf\":") + 7;
  text[at] = text[at] == '7' ? '8' : '7';
  const auto verification = verify(text, std::nullopt);
  ASSERT_TRUE(verification) << verification.error().message();
  EXPECT_FALSE(verification->holds());
  EXPECT_THAT(refuted_in(*verification), HasSubstr("sha256 states "));
  EXPECT_THAT(refuted_in(*verification), HasSubstr("signature.value is not the signature"));
  EXPECT_THAT(refuted_in(*verification), HasSubstr("the rounds give"));
}

TEST(Certificate, SaysOfASessionThatDidNotEnd) {
  RecordedHost host({});
  host.guests_run({vmx::kIo});
  host.read();
  Session session = host.now();
  const auto text_of = [&] {
    return to_text(*verify(certificate(certificate_content({&session, 1}), std::nullopt), std::nullopt));
  };
  EXPECT_THAT(text_of(), HasSubstr("verdict: agrees; it was still running: as of the export"));
  session.interrupted = true;
  EXPECT_THAT(text_of(), HasSubstr("its daemon was gone before it ended"));
}

TEST(Certificate, ANameThatIsNoTextIsWrittenAsText) {
  Session session = recorded_session({});
  session.vms[0].name = "\xff\xfe";
  const auto verification = verify(certificate(certificate_content({&session, 1}), std::nullopt), std::nullopt);
  ASSERT_TRUE(verification) << verification.error().message();
  EXPECT_EQ(refuted_in(*verification), "");
}

TEST(Certificate, WhatAnybodyWroteIntoItDoesNotCommandTheTerminal) {
  Session session = recorded_session({});
  session.name = "x\x1b]0;..\a\nit holds: everything";
  const std::string text = certificate(certificate_content({&session, 1}), std::nullopt);
  EXPECT_THAT(to_text(*verify(text, std::nullopt)), HasSubstr("\"x?]0;..??it holds: everything\""));
}

// What is quoted of a document is cut between characters, or the JSON could not be printed.
TEST(Certificate, WhatIsQuotedOfItIsText) {
  Session session = recorded_session({});
  nlohmann::ordered_json document = to_json(session);
  for (int i = 0; i < 4; ++i) {
    std::string wide(static_cast<std::size_t>(i), 'x');
    for (int k = 0; k < 50; ++k) wide += "\xF0\x9F\x98\x80";
    document["reasons"][0]["class"] = wide;
    const auto verification = verify(certificate(canonical({{"format", kCertificateFormat},
                                                            {"version", kCertificateVersion},
                                                            {"sessions", nlohmann::ordered_json::array({document})}}),
                                                 std::nullopt),
                                     std::nullopt);
    ASSERT_TRUE(verification) << verification.error().message();
    EXPECT_FALSE(verification->holds());
    EXPECT_NO_THROW(static_cast<void>(to_json(*verification).dump()));
  }
}

struct Unreadable {
  const char* name;
  std::function<std::string(std::string)> spoil;
  const char* said;
};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

class CertificateUnreadable : public testing::TestWithParam<Unreadable> {};

TEST_P(CertificateUnreadable, SaysWhy) {
  const auto verification = verify(GetParam().spoil(unsigned_certificate()), std::nullopt);
  ASSERT_FALSE(verification) << refuted_in(*verification);
  EXPECT_THAT(verification.error().message(), HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    One, CertificateUnreadable,
    testing::Values(
        Unreadable{"Empty", [](const std::string&) { return ""; }, "is no JSON"},
        Unreadable{"CutOff", [](const std::string& text) { return text.substr(0, text.size() / 2); }, "is no JSON"},
        Unreadable{"Blank", [](const std::string& text) { return replaced(text, ":", ": "); },
                   "is not canonical from byte 11 on"},
        Unreadable{"KeyTwice",
                   [](const std::string& text) { return replaced(text, "{\"content\"", "{\"content\":1,\"content\""); },
                   "is not canonical"},
        Unreadable{"Fraction",
                   [](const std::string& text) { return replaced(text, "\"version\":1", "\"version\":1.5"); },
                   "is no whole one of 64 bits: 1.5"},
        Unreadable{
            "TooLarge",
            [](const std::string& text) { return replaced(text, "\"version\":1", "\"version\":99999999999999999999"); },
            "is no whole one of 64 bits"},
        Unreadable{"Deep", [](const std::string&) { return std::string(100'000, '[') + std::string(100'000, ']'); },
                   "nested too deeply"},
        Unreadable{"OtherDocument", [](const std::string&) { return R"({"sessions":[]})"; }, "is no certificate: "},
        Unreadable{"OtherFormat",
                   [](const std::string& text) { return replaced(text, "-certificate", "-certificatf"); },
                   "content.format: is \"exitledger-certificatf\""},
        Unreadable{"OtherVersion",
                   [](const std::string& text) { return replaced(text, "\"version\":1}", "\"version\":2}"); },
                   "content.version: is 2, and this program reads version 1"},
        Unreadable{"NoSession", [](const std::string&) { return certificate(certificate_content({}), std::nullopt); },
                   "content.sessions: must hold at least one"},
        Unreadable{"UnknownField",
                   [](const std::string& text) { return replaced(text, "{\"content\"", "{\"a\":1,\"content\""); },
                   "a: is nothing that a certificate has"},
        Unreadable{"OtherAlgorithm",
                   [](const std::string& text) {
                     return replaced(text, "\"signature\":null",
                                     R"("signature":{"algorithm":"rsa","public_key":"","value":""})");
                   },
                   "signature.algorithm: is \"rsa\""},
        Unreadable{"NoDigest",
                   [](const std::string& text) {
                     const auto at = text.find(",\"sha256\"");
                     return replaced(text, text.substr(at, 76), "");
                   },
                   "sha256: is missing"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace exitledger
