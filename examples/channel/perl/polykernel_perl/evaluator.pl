# Evaluates cells of Perl for polykernel; docs/channel.md walks through it.
package Cell;    # what cells see: they are evaluated before anything of ours has a name
use v5.16;
no strict;
sub evaluate { return eval "package main; no warnings;\n#line 1 \"$_[1]\"\n$_[0]" }

package Evaluator;
use strict; use warnings; use Data::Dumper; use JSON::PP;
open(my $requests, '<&=', 3) && open(my $events, '>&=', 4) or die "polykernel starts this\n";
binmode $_, ':encoding(UTF-8)' for \*STDOUT, \*STDERR;
$_->autoflush(1) for \*STDOUT, \*STDERR, $events;    # output comes as it is made
my @words = qw(chomp defined delete die each else elsif eval exists foreach grep join keys last map
    my next our print printf push return say shift sort split sub substr unless use values while);
our ($busy, $writing, $late) = (0, 0, 0);    # the cell that runs; whether a line is being written
my ($json, $process, $asked, @waiting) = (JSON::PP->new->utf8, $$, 0);

sub put {    # one message, in one line, which no interrupt tears
    local ($,, $\, $writing) = (undef, undef, 1);
    print $events $json->encode({ jsonrpc => '2.0', @_ }) . "\n";
    $writing = 0;
    interrupted() if $late;
}

sub interrupted {    # acknowledges it, and ends the cell
    return $late = 1 if $writing;
    $late = 0;
    put(method => 'interrupted', params => { $busy ? (cell => $busy) : () });
    die "interrupted\n" if $busy;
}
$SIG{INT} = \&interrupted;

sub get { local $/ = "\n"; return $json->decode(readline $requests // exit) }

sub TIEHANDLE { return bless {} }
sub READLINE {    # standard input asks the front end
    my ($id, $content, $answer) = ('ask' . ++$asked, { prompt => '', password => JSON::PP::false });
    put(id => $id, method => 'input_request', params => { cell => $busy, content => $content });
    push @waiting, $answer until (($answer = get())->{id} // '') eq $id;
    die "$answer->{error}{message}\n" if $answer->{error};
    return $answer->{result}{value} eq "\x04" ? undef : "$answer->{result}{value}\n";
}
tie *STDIN, __PACKAGE__;

sub failure {
    my @lines = map { s/, <\$requests> line \d+//r } split /\n/, $_[0];
    return { status => 'error', ename => 'Died', evalue => $lines[0], traceback => \@lines };
}

sub value {    # what code gives, in the form of a result
    my @values = Cell::evaluate(@_);
    exit if $$ != $process;    # a child that the cell has forked
    die $@ if $@;
    return { data => {}, metadata => {} } if $_[0] =~ /;\s*$/ || !grep { defined } @values;
    local ($Data::Dumper::Terse, $Data::Dumper::Indent, $Data::Dumper::Sortkeys) = (1, 1, 1);
    my $shown = join ', ', map { ref ? Dumper($_) =~ s/\n$//r : $_ // 'undef' } @values;
    return { data => { 'text/plain' => $shown }, metadata => {} };
}

my %methods = (
    hello => sub {
        chdir $_[0]{cwd};
        my $version = version->new($])->normal =~ s/^v//r;
        return { protocol => 1, interrupts => JSON::PP::true, language_version => $version };
    },
    execute => sub {
        my $code = $_[0]{code} =~ s/^my\b/our/mgr;    # at the top level it is kept for later cells
        my $value = value($code, "In [$_[0]{execution_count}]");
        my %found = %{ $_[0]{user_expressions} };
        $_ = eval { +{ status => 'ok', %{ value($_, 'it') } } } // failure($@) for values %found;
        return { status => 'ok', user_expressions => \%found,
            %{ $value->{data} } ? (result => $value) : () };
    },
    complete => sub {
        my ($sigil, $word) = substr($_[0]{code}, 0, $_[0]{cursor_pos}) =~ /([\$\@%&]?)(\w*)$/;
        my @names = grep { /^\Q$word\E\w*$/ } keys %main::, $sigil ? () : @words;
        return { status => 'ok', matches => [sort @names], metadata => {},
            cursor_start => $_[0]{cursor_pos} - length $word, cursor_end => $_[0]{cursor_pos} };
    },
    is_complete => sub {    # compiles, but runs only what `use` and BEGIN do
        Cell::evaluate("package Scratch; return;\n$_[0]{code}", 'cell');
        my $open = $@ =~ /at EOF|Missing right|not terminated|Can't find string terminator/;
        return { status => 'incomplete', indent => '' } if $open;
        return { status => $@ ? 'invalid' : 'complete' };
    },
    shutdown => sub { return {} },
);

while (1) {
    my ($id, $method, $params) = @{ shift @waiting // get() }{qw(id method params)};
    if (!defined $id || !defined $method) {    # a notification, or an answer that comes too late
        interrupted() if ($method // '') eq 'interrupt' && !defined $params->{cell};
    } elsif (my $serve = $methods{$method}) {
        my $result = eval { local $busy = $method eq 'execute' ? $id : 0; $serve->($params) };
        put(id => $id, result => $result // failure($@));
        exit if $method eq 'shutdown';
    } else {
        put(id => $id, error => { code => -32601, message => "no method $method" });
    }
}
