# Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. Ruby 3.0 or later (gem install webrick):
#   LIMEHOOK_SECRET=whsec_… ruby verify.rb
require 'openssl'
require 'webrick'

SECRET = ENV.fetch('LIMEHOOK_SECRET')
raise 'LIMEHOOK_SECRET is not a secret of Limehook' unless SECRET.start_with?('whsec_')
KEY = SECRET.delete_prefix('whsec_').unpack1('m')

# `body` is what came, byte for byte: verify it before parsing it.
def genuine?(request, body)
  id, timestamp = request['webhook-id'], request['webhook-timestamp']
  # Older than five minutes: somebody may be repeating it.
  return false unless timestamp.to_s.match?(/\A\d+\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300

  expected = "v1,#{[OpenSSL::HMAC.digest('SHA256', KEY, "#{id}.#{timestamp}.".b + body.b)].pack('m0')}"
  # While a secret is being rotated there are two signatures, with a space between.
  request['webhook-signature'].to_s.split(' ').any? { |given| OpenSSL.secure_compare(given, expected) }
end

server = WEBrick::HTTPServer.new(BindAddress: '127.0.0.1', Port: {{port}})
server.mount_proc('{{path}}') do |request, response|
  body = request.body.to_s
  if genuine?(request, body)
    puts "#{request['webhook-id']} #{body}" # put it in a queue; drop ids that you have seen
    response.status = 200
  else
    response.status = 401
  end
end
trap('TERM') { server.shutdown }
server.start
