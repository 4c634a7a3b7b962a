// SPDX-License-Identifier: EUPL-1.2
package interop;

import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.jaxb.XmlDigestMatcher;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Reads file names from standard input, prints what DSS says of each, one JSON line a file. */
public final class Validate {
    private static final int SECONDS = 60;

    private Validate() {}

    public static void main(String[] arguments) throws Exception {
        CertificateVerifier verifier = Trust.verifier(Path.of(arguments[0]), Path.of(arguments[1]));
        Date moment = Date.from(Instant.parse(arguments[2]));
        ExecutorService pool = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        for (String line : new String(System.in.readAllBytes(), "UTF-8").lines().toList()) {
            Future<Map<String, Object>> answer = pool.submit(() -> judged(line, verifier, moment));
            Map<String, Object> report;
            try {
                report = answer.get(SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException late) {
                answer.cancel(true);
                report = failed(line, "no answer within " + SECONDS + " seconds");
            } catch (Exception broken) {
                report = failed(line, String.valueOf(broken.getCause()));
            }
            System.out.println(Json.write(report));
        }
    }

    private static Map<String, Object> failed(String file, String error) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("file", file);
        report.put("error", error);
        report.put("signatures", List.of());
        return report;
    }

    private static Map<String, Object> judged(String file, CertificateVerifier verifier, Date moment) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
        validator.setCertificateVerifier(verifier);
        validator.setValidationTime(moment);
        Reports reports = validator.validateDocument();
        DiagnosticData data = reports.getDiagnosticData();
        List<Map<String, Object>> signatures = new ArrayList<>();
        for (SignatureWrapper signature : data.getSignatures()) {
            signatures.add(signature(signature, reports.getSimpleReport()));
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("file", file);
        report.put("container", data.getContainerType());
        report.put("stamps", data.getTimestampList().size());
        report.put("signatures", signatures);
        return report;
    }

    private static Map<String, Object> signature(SignatureWrapper signature, SimpleReport simple) {
        String id = signature.getId();
        boolean data = !signature.getDigestMatchers().isEmpty();
        List<String> broken = new ArrayList<>();
        for (XmlDigestMatcher matcher : signature.getDigestMatchers()) {
            if (!matcher.isDataFound() || !matcher.isDataIntact()) {
                data = false;
                broken.add(matcher.getType() + " " + matcher.getUri() + " " + matcher.getDocumentName());
            }
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("file", signature.getFilename());
        report.put("indication", simple.getIndication(id));
        report.put("sub_indication", simple.getSubIndication(id));
        report.put("level", signature.getSignatureFormat());
        report.put("counter", signature.isCounterSignature());
        report.put("data_intact", data);
        report.put("broken", broken);
        report.put("signature_intact", signature.isSignatureIntact());
        report.put("signature_valid", signature.isSignatureValid());
        report.put("scopes", signature.getSignatureScopes().size());
        report.put("errors", simple.getAdESValidationErrors(id).stream().map(Message::getValue).toList());
        return report;
    }
}
