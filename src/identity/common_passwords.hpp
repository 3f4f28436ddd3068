#pragma once
// Words that people who guess passwords try first, in lower case: those that lists of leaked passwords begin with, the
// walks over a keyboard, and this product's own. A password is compared without the digits and signs around it.
// Private to this folder.

#include <array>
#include <string_view>

namespace limehook::identity {

inline constexpr auto kCommonPasswords = std::to_array<std::string_view>({
    // clang-format off
    "limehook", "limecall", "lime", "limehookadmin", "limehookpassword", "webhook", "webhooks",
    "abc", "access", "admin", "administrator", "adminadmin", "adobe", "andrew", "angel", "apple", "ashley", "asdf",
    "asdfgh", "asdfghjkl", "asdfghjklqwertyuiop", "azerty", "azertyuiop", "bailey", "baseball", "basketball", "batman",
    "changeit", "changeme", "changemenow", "charlie", "cheese", "chocolate", "company", "computer", "cookie",
    "correcthorsebatterystaple", "correct horse battery staple", "daniel", "default", "defaultpassword", "donald",
    "dragon", "flower", "football", "freedom", "fuckyou", "george", "google", "guest", "harley", "hello", "helloworld",
    "hottie", "hunter", "iloveyou", "iloveyousomuch", "internet", "jennifer", "jessica", "jordan", "joshua", "killer",
    "letmein", "letmeinnow", "login", "london", "loveme", "lovely", "maggie", "manager", "master", "matthew", "michael",
    "michelle", "microsoft", "monkey", "mustang", "mypassword", "newpassword", "ninja", "nopassword", "oracle",
    "passphrase", "passpass", "passw", "password", "passwd", "passwort", "motdepasse", "contrasena", "pepper",
    "photoshop", "pokemon", "princess", "qazwsx", "qazwsxedc", "qazwsxedcrfv", "qwer", "qwerty", "qwertyqwerty",
    "qwertyui", "qwertyuiop", "qwertyuiopasdfghjkl", "qwertyuiop[]", "qwertz", "qwertzuiop", "robert", "root",
    "rootroot", "samsung", "secret", "secretpassword", "server", "shadow", "soccer", "starwars", "summer", "autumn",
    "winter", "spring", "sunshine", "superman", "supersecret", "support", "system", "temp", "temporary",
    "temppassword", "test", "tester", "testing", "testtest", "thomas", "tigger", "trustno", "trustnoone", "user",
    "username", "welcome", "welcomehome", "whatever", "yourpassword", "zaq", "zxcvbn", "zxcvbnm", "zxcvbnmasdf",
    "zxcvbnmasdfghjkl",
    "1q2w3e4r5t6y", "q1w2e3r4t5y6", "1qaz2wsx3edc", "1qazxsw23edc", "1qaz2wsx", "zaq12wsxcde3", "1234qwerasdf",
    "qwer1234asdf", "qwerasdfzxcv", "123qweasdzxc", "qweasdzxc", "a1b2c3d4e5f6", "1a2b3c4d5e6f", "abc123abc123",
    "abcd1234abcd", "123123123123", "112233445566", "147258369147", "159753159753", "789456123",
    // clang-format on
});

}  // namespace limehook::identity
