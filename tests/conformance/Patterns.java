// The verdicts of AWS's event-ruler: a case a line in, a verdict a line out.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.Ruler;

public class Patterns {
    private static String verdict(JsonNode pair) {
        String pattern = pair.get("pattern").asText();

        try {
            // As EventBridge does: what Machine refuses is no pattern.
            new Machine().addRule("rule", pattern);
            return Ruler.matchesRule(pair.get("event").asText(), pattern) ? "match" : "no match";
        } catch (Exception refused) {
            return "error: " + String.valueOf(refused.getMessage()).replace('\n', ' ');
        }
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);

        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            out.println(verdict(mapper.readTree(line)));
        }
        out.flush();
    }
}
