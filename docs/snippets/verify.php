<?php
// Receives the webhook {{name}}: let your web server run it for {{path}}. PHP 8.0 or later. To try it:
//   LIMEHOOK_SECRET=whsec_… php -S 127.0.0.1:{{port}} verify.php

$secret = getenv('LIMEHOOK_SECRET') ?: '';
if (!str_starts_with($secret, 'whsec_')) {
    http_response_code(500);
    exit('LIMEHOOK_SECRET is not set');
}

// $body is what came, byte for byte: verify it before parsing it.
function is_genuine(string $secret, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;  // older than five minutes: somebody may be repeating it
    }
    $key = base64_decode(substr($secret, strlen('whsec_')));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // While a secret is being rotated there are two signatures, with a space between.
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$body = file_get_contents('php://input');
if (!is_genuine($secret, $body)) {
    http_response_code(401);
    exit;
}
error_log($_SERVER['HTTP_WEBHOOK_ID'] . ' ' . $body);  // put it in a queue; drop ids that you have seen
http_response_code(200);
